"""The texts that wait for the model, and which of their windows go next."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoding import Encoding, WindowSlice
from copydesk.model.network.scores import StoryScores
from copydesk.service.traces import RequestTrace, request_trace

_ASIDE_SHARE = 0.25  # of a pass, where nobody waits for it: a text that comes in meanwhile waits for no more
_OLDEST_SHARE = 0.75  # of each pass: bounds the wait of long texts; the rest goes to the shortest


class ClosedError(Exception):
    """The backlog takes no more texts."""


class ForwardError(Exception):
    """The pass that a text was part of failed."""


@dataclass(eq=False)
class QueuedText:
    """A text on its way through the analyzer that prepared it; `future` belongs to `loop`.

    is_aside: it is read while no other text waits and no pass is under way.
    """

    analyzer: Analyzer
    encoding: Encoding
    future: "asyncio.Future[list[StoryScores]]"
    loop: asyncio.AbstractEventLoop
    queued_at: float = field(default_factory=time.monotonic)
    is_aside: bool = False
    is_resolved: bool = False
    trace: RequestTrace | None = field(default_factory=request_trace.get)  # of the request that it is part of

    @property
    def is_over(self) -> bool:
        """Nobody waits for it any more: it has an answer, its time is up or its client is gone."""
        return self.is_resolved or self.future.cancelled()

    def resolve(self, outcome: list[StoryScores] | Exception) -> None:
        """Hand the scores, or the error, to whoever waits; from any thread."""
        self.is_resolved = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: list[StoryScores] | Exception) -> None:
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Backlog:
    """Texts in order of arrival, and those that are read aside. `put` from any thread, `take` from one."""

    def __init__(self, pass_tokens: int) -> None:
        self.pass_tokens = pass_tokens
        self._texts: list[QueuedText] = []
        self._aside: list[QueuedText] = []
        self._changed = threading.Condition()
        self.is_closed = False

    def put(self, text: QueuedText) -> None:
        """Let the text wait for its passes. Raises ClosedError."""
        with self._changed:
            if self.is_closed:
                raise ClosedError
            (self._aside if text.is_aside else self._texts).append(text)
            self._changed.notify()

    def take(self, timeout_s: float, *, is_idle: bool = False) -> dict[QueuedText, list[WindowSlice]] | None:
        """The windows of the next pass by text, as many as a pass holds, all for one analyzer; empty after `timeout_s`
        without work, None when the backlog is closed and nothing is left. Texts that are over are dropped.

        is_idle: no pass is under way, so that a text may be read aside.
        """
        with self._changed:
            if not self._texts and not self.is_closed and not (is_idle and self._aside):
                self._changed.wait(timeout_s)
            if not self._texts and self.is_closed:
                return None
            waiting = [text for text in self._texts if not text.is_over]
            ours = [text for text in waiting if text.analyzer is waiting[0].analyzer]
            taken = _take_windows(ours, self.pass_tokens)
            self._texts = [text for text in waiting if text.encoding.n_tokens_left]
            return taken or (self._take_aside() if is_idle else {})

    def close(self) -> None:
        """Take no more texts; those that wait still get their passes."""
        with self._changed:
            self.is_closed = True
            self._changed.notify()

    def fail_all(self, error: Exception) -> None:
        """Resolve every waiting text with the error."""
        with self._changed:
            for text in (*self._texts, *self._aside):
                text.resolve(error)
            self._texts.clear()
            self._aside.clear()

    def _take_aside(self) -> dict[QueuedText, list[WindowSlice]]:
        waiting = [text for text in self._aside if not text.is_over]
        taken = {text: text.encoding.take(int(_ASIDE_SHARE * self.pass_tokens)) for text in waiting[:1]}
        self._aside = [text for text in waiting if text.encoding.n_tokens_left]
        return taken

    def __len__(self) -> int:
        return len(self._texts)


def _take_windows(waiting: list[QueuedText], pass_tokens: int) -> dict[QueuedText, list[WindowSlice]]:
    """Windows of the oldest texts for a share of the pass, then of those with the least left to do."""
    taken: dict[QueuedText, list[WindowSlice]] = {}
    n_old = _fill(taken, waiting, int(pass_tokens * _OLDEST_SHARE))
    _fill(taken, sorted(waiting, key=lambda text: text.encoding.n_tokens_left), pass_tokens - n_old)
    return taken


def _fill(taken: dict[QueuedText, list[WindowSlice]], texts: Iterable[QueuedText], budget: int) -> int:
    """Take windows of the texts in this order until the budget is used up; how many tokens that was."""
    n_tokens = 0
    for text in texts:
        if n_tokens >= budget:
            break
        slices = text.encoding.take(budget - n_tokens)
        if slices:
            taken.setdefault(text, []).extend(slices)
            n_tokens += sum(piece.tokens.n_tokens for piece in slices)
    return n_tokens

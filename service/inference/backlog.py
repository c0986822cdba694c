"""The texts that wait for the model, and which of their windows go next."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from copydesk.model.analyzer import Analyzer, StoryScores
from copydesk.model.network.encoding import Encoding, Part

_OLDEST_SHARE = 0.75  # of each pass: bounds the wait of long texts; the rest goes to the shortest


class ClosedError(Exception):
    """The backlog takes no more texts."""


class ForwardError(Exception):
    """The pass that a text was part of failed."""


@dataclass(eq=False)
class Job:
    """A text on its way through the analyzer that prepared it; `future` belongs to `loop`."""

    analyzer: Analyzer
    encoding: Encoding
    future: "asyncio.Future[list[StoryScores]]"
    loop: asyncio.AbstractEventLoop
    queued_at: float = field(default_factory=time.monotonic)
    is_resolved: bool = False

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
    """Jobs in order of arrival. `put` from any thread, `take` from one."""

    def __init__(self, pass_tokens: int) -> None:
        self.pass_tokens = pass_tokens
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self.is_closed = False

    def put(self, job: Job) -> None:
        """Let the job wait for its passes. Raises ClosedError."""
        with self._changed:
            if self.is_closed:
                raise ClosedError
            self._jobs.append(job)
            self._changed.notify()

    def take(self, timeout_s: float) -> dict[Job, list[Part]] | None:
        """The windows of the next pass by job, as many as a pass holds, all for one analyzer; empty after `timeout_s`
        without work, None when the backlog is closed and nothing is left. Jobs that are over are dropped."""
        with self._changed:
            if not self._jobs and not self.is_closed:
                self._changed.wait(timeout_s)
            if not self._jobs and self.is_closed:
                return None
            waiting = [job for job in self._jobs if not job.is_over]
            ours = [job for job in waiting if job.analyzer is waiting[0].analyzer]
            taken = _take_windows(ours, self.pass_tokens)
            self._jobs = [job for job in waiting if job.encoding.n_tokens_left]
        return taken

    def close(self) -> None:
        """Take no more jobs; those that wait still get their passes."""
        with self._changed:
            self.is_closed = True
            self._changed.notify()

    def fail_all(self, error: Exception) -> None:
        """Resolve every waiting job with the error."""
        with self._changed:
            for job in self._jobs:
                job.resolve(error)
            self._jobs.clear()

    def __len__(self) -> int:
        return len(self._jobs)


def _take_windows(waiting: list[Job], pass_tokens: int) -> dict[Job, list[Part]]:
    """Windows of the oldest jobs for a share of the pass, then of those with the least left to do."""
    taken: dict[Job, list[Part]] = {}
    n_old = _fill(taken, waiting, int(pass_tokens * _OLDEST_SHARE))
    _fill(taken, sorted(waiting, key=lambda job: job.encoding.n_tokens_left), pass_tokens - n_old)
    return taken


def _fill(taken: dict[Job, list[Part]], jobs: Iterable[Job], budget: int) -> int:
    """Take windows of the jobs in this order until the budget is used up; how many tokens that was."""
    n_tokens = 0
    for job in jobs:
        if n_tokens >= budget:
            break
        parts = job.encoding.take(budget - n_tokens)
        if parts:
            taken.setdefault(job, []).extend(parts)
            n_tokens += sum(len(part.tokens.token_ids) for part in parts)
    return n_tokens

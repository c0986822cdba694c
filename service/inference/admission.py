"""How much work may be under way: as many tokens as the device reads within a delay.

A crowd is let wait for seconds, since it ends: each of its clients sends the next request when it has its answer. More
than fits is refused, and as long as that lasts the queue is kept short: of a load that the device cannot bear it
answers as much either way, and what it lets in need not wait for the whole queue (the idea of CoDel, Nichols & Jacobson
2012, and of "Fail at Scale", Maurer 2015).
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from copydesk.model.analysis import Document

_FIRST_RATE = 20_000.0  # tokens/s believed before any pass was measured: two CPU cores do 30,000
_FASTER_SHARE = 0.1  # of each faster pass in the rate
_SLOWER_S = 60.0  # of slower passes until the rate is theirs by two thirds: a busy minute of the machine passes
_SHORT_DELAY_S = 0.5  # that may wait while more comes than the device bears: it never runs out of work, 50 ms a pass
_FULL_SHARE = 0.8  # of what may wait, from which on a refusal is a sign of overload, not of a large request
_CALM_S = 2.0  # without a refusal, until as much may wait as before
_MIN_DOCUMENT_TOKENS = 64  # a text's fixed cost (HTTP, sentences, JSON) is about 1.5 ms of two CPU cores
_MARKUP_PER_TEXT = 12  # characters: 90 news pages take 0.2 ms a kilobyte of two cores, and a twentieth of them is text
_CHARACTERS_PER_TOKEN = 4  # of English news; the estimate only stands until the text is tokenised


class OverloadedError(Exception):
    """Too much work is under way; `retry_after_s` says when to try again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("too much work is under way")
        self.retry_after_s = retry_after_s


def estimate_tokens(n_characters: int) -> int:
    """About how many tokens a text has, before it is read."""
    return max(_MIN_DOCUMENT_TOKENS, n_characters // _CHARACTERS_PER_TOKEN)


def estimate_document(document: Document) -> int:
    """About how many tokens' time a document takes: its text, or the reading of its markup and of the text in it."""
    if document.html is None:
        return estimate_tokens(len(document.text))
    return estimate_tokens(len(document.html) // _MARKUP_PER_TEXT)


class Admission:
    """Counts the tokens of admitted requests and refuses more than fit. For the event loop; `note_pass` for any
    thread."""

    def __init__(self, max_delay_s: float, min_tokens: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = _FIRST_RATE
        self.n_tokens = 0
        self._max_delay_s = max_delay_s
        self._min_tokens = min_tokens
        self._clock = clock
        self._overloaded_until = -math.inf

    @property
    def max_tokens(self) -> int:
        """How many tokens may be under way: as many as the delay holds, but on a slow device not too few."""
        if self._clock() < self._overloaded_until:
            return int(min(_SHORT_DELAY_S, self._max_delay_s) * self.rate)
        return max(self._min_tokens, int(self._max_delay_s * self.rate))

    @property
    def delay_s(self) -> float:
        """How long what is under way will take."""
        return self.n_tokens / self.rate

    def check(self, n_tokens: int) -> None:
        """Raise OverloadedError when this many tokens do not fit.

        A large request counts as half of what may be under way, because small ones overtake it; and when nothing is
        under way anything fits.
        """
        max_tokens = self.max_tokens
        if not self.n_tokens or self.n_tokens + min(n_tokens, max_tokens // 2) <= max_tokens:
            return
        if self.n_tokens >= _FULL_SHARE * max_tokens:
            self._overloaded_until = self._clock() + _CALM_S
        raise OverloadedError(max(1, math.ceil(self.delay_s)))

    @contextmanager
    def admit(self, n_tokens: int) -> Iterator["Permit"]:
        """Count the tokens while the request is under way. Raises OverloadedError."""
        self.check(n_tokens)
        permit = Permit(self, self.max_tokens // 2)
        permit.correct(n_tokens)
        try:
            yield permit
        finally:
            permit.correct(-permit.n_tokens)

    def note_pass(self, n_tokens: int, seconds: float, *, is_full: bool) -> None:
        """Learn the rate from a pass; one that was not full says little, unless it was faster."""
        rate = n_tokens / max(seconds, 1e-6)
        if rate > self.rate:
            self.rate += _FASTER_SHARE * (rate - self.rate)
        elif is_full:
            self.rate += min(1.0, seconds / _SLOWER_S) * (rate - self.rate)


class Permit:
    """The tokens of one request."""

    def __init__(self, admission: Admission, max_held: int) -> None:
        self.n_tokens = 0
        self._admission = admission
        self._max_held = max_held

    def correct(self, difference: int) -> None:
        """Count more tokens, or fewer."""
        held = min(self.n_tokens, self._max_held)
        self.n_tokens += difference
        self._admission.n_tokens += min(self.n_tokens, self._max_held) - held

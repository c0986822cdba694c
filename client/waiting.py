"""When to ask again, and how long to wait before."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from copydesk.client.errors import UnavailableError

REFUSED = frozenset({408, 429, 502, 503})  # it is not the documents: any later try may succeed
FAILED = frozenset({500, 504})  # it may be the documents: a few tries are enough
_MAX_FAILED = 4
_FIRST_S, _MAX_S = 0.5, 8.0  # a service that starts takes a few seconds, and may not live for long
_JITTER = 0.25  # of a wait that the service names: who was refused together does not come back together


@dataclass
class Patience:
    """How long a service may refuse, or not be there, until it is given up: since it has answered any request."""

    limit_s: float
    clock: Callable[[], float] = time.monotonic
    answered_at: float = -float("inf")

    def note_answer(self) -> None:
        """It has answered."""
        self.answered_at = self.clock()


@dataclass
class Waiting:
    """The tries of one request. An analysis changes nothing, so that it may be asked for any number of times."""

    what: str
    patience: Patience
    _n_tries: int = 0
    _n_failed: int = 0
    _started_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_at = self.patience.clock()

    def note_failure(self) -> bool:
        """Whether a request that failed is worth another try."""
        self._n_failed += 1
        return self._n_failed < _MAX_FAILED

    def next_s(self, fault: str, retry_after: str | None = None) -> float:
        """Seconds to wait now; never less than the service says. Raises UnavailableError when that is too long."""
        self._n_tries += 1
        wait_s = _named_wait(retry_after)
        if wait_s is None:
            wait_s = random.uniform(0.5, 1) * min(_MAX_S, _FIRST_S * 2 ** min(self._n_tries - 1, 16))
        spent_s = self.patience.clock() - max(self._started_at, self.patience.answered_at)
        if spent_s + wait_s > self.patience.limit_s:
            raise UnavailableError(
                f"{self.what}: {fault}; nothing was answered for {spent_s:.0f} s; see whether the service runs, or be "
                f"more patient than patience_s={self.patience.limit_s:g}"
            )
        return wait_s


def _named_wait(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After, and a little more; None where there are none."""
    if retry_after is None or not retry_after.strip().isdecimal():
        return None  # a date, as some proxies send
    seconds = min(int(retry_after), 86_400)
    return seconds + random.uniform(0, max(0.1, _JITTER * seconds))

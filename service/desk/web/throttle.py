"""How often a password may be guessed: for each name, and from each address."""

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

_PER_NAME = parse("5 per 5 minutes")
_PER_ADDRESS = parse("30 per 5 minutes")


class Throttle:
    """Counts failures, and says when there were too many. For any thread."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def may_try(self, name: str, address: str) -> bool:
        """Neither this name nor this address has failed too often."""
        return all(self._limiter.test(limit, key) for limit, key in _keys(name, address))

    def note_failure(self, name: str, address: str) -> None:
        """A password was wrong."""
        for limit, key in _keys(name, address):
            self._limiter.hit(limit, key)


def _keys(name: str, address: str) -> tuple[tuple[RateLimitItem, str], ...]:
    return (_PER_NAME, f"name:{name}"), (_PER_ADDRESS, f"address:{address}")

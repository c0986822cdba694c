"""How the cost of reading a text grows with its length."""

import time
from collections.abc import Callable

MAX_GROWTH = 6.0  # for four times the text: 4 is linear, 16 quadratic
_LEAST_S = 0.02  # what the short text must take, so that the clock sees it
_RUNS = 3


def growth(read: Callable[[str], object], food: str, n_characters: int = 20_000) -> float:
    """How many times longer four times as much of the food takes, the best of several runs of each.

    What seems too much is measured again: a busy machine empties the caches of the long runs more than of the short.
    """
    n = n_characters
    while (short := _cost_s(read, _repeat(food, n))) < _LEAST_S and n < 50 * n_characters:
        n *= 2
    found = _cost_s(read, _repeat(food, 4 * n)) / max(short, _LEAST_S)
    for _ in range(_RUNS):
        if found <= MAX_GROWTH:
            break
        short, long = (_cost_s(read, _repeat(food, times * n)) for times in (1, 4))
        found = min(found, long / max(short, _LEAST_S))
    return found


def _repeat(food: str, n_characters: int) -> str:
    return food * (n_characters // len(food) + 1)


def _cost_s(read: Callable[[str], object], text: str) -> float:
    """Processor time of this thread: what runs beside it does not count."""
    best = float("inf")
    for _ in range(_RUNS):
        start = time.thread_time()
        read(text)
        best = min(best, time.thread_time() - start)
    return best

"""Work done ahead: the next items are made on a thread while the last one is being used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def prefetch(items: Iterable[T], depth: int) -> Iterator[T]:
    """The same items in order, made on a thread of their own, up to `depth` of them ahead of their use.

    An error in making an item is raised where the item would have come.
    """
    stream, end = iter(items), object()
    thread = ThreadPoolExecutor(1)
    try:
        ahead = deque(thread.submit(next, stream, end) for _ in range(depth))
        while (item := ahead.popleft().result()) is not end:
            ahead.append(thread.submit(next, stream, end))
            yield item  # type: ignore[misc]  # `end` is not among them
    finally:
        thread.shutdown(cancel_futures=True)

"""Rectangles side by side: each on a core of its own, where a product spread over all cores waits for the slowest."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_ItemT = TypeVar("_ItemT")
_ResultT = TypeVar("_ResultT")


class Workers:
    """As many threads as torch uses cores; few items share the cores among them."""

    def __init__(self, n_cores: int) -> None:
        self.n_cores = n_cores
        self._pool = ThreadPoolExecutor(n_cores, thread_name_prefix="encode")

    def map(self, function: Callable[[_ItemT], _ResultT], items: Sequence[_ItemT]) -> Iterator[_ResultT]:
        """The results in order, computed under inference mode; raises what the function raises."""
        n_cores = max(1, self.n_cores // max(1, len(items)))

        def run(item: _ItemT) -> _ResultT:
            torch.set_num_threads(n_cores)  # of this thread
            with torch.inference_mode():
                return function(item)

        return self._pool.map(run, items)


@contextmanager
def one_core() -> Iterator[None]:
    """Torch on one core in this thread: OpenMP's other threads spin on after a product and hold up the workers."""
    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_before)

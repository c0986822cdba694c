"""The threads that run the encoder, each on its own core: a product spread over all waits for the slowest."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_ItemT = TypeVar("_ItemT")
_MappedT = TypeVar("_MappedT")
_ResultT = TypeVar("_ResultT")


class Workers:
    """A thread per batch that a device computes side by side, and one that takes up what they compute, in order."""

    def __init__(self, n_parallel: int) -> None:
        self._n_parallel = n_parallel
        self._mappers = ThreadPoolExecutor(n_parallel, thread_name_prefix="encode")
        self._collector = ThreadPoolExecutor(1, thread_name_prefix="collect")

    def start(
        self,
        function: Callable[[_ItemT], _MappedT],
        items: Sequence[_ItemT],
        collect: Callable[[Iterator[_MappedT]], _ResultT],
    ) -> Future[_ResultT]:
        """Begin to compute what `collect` makes of the function's values for the items, in their order.

        Under inference mode. The future raises what either function raised. Few items share the cores among them.
        """
        n_cores = max(1, self._n_parallel // max(1, len(items)))

        def compute(item: _ItemT) -> _MappedT:
            torch.set_num_threads(n_cores)  # of this thread
            with torch.inference_mode():
                return function(item)

        def take_up(values: Iterator[_MappedT]) -> _ResultT:
            with torch.inference_mode(), one_core():
                return collect(values)

        return self._collector.submit(take_up, self._mappers.map(compute, items))


@contextmanager
def one_core() -> Iterator[None]:
    """Torch on one core in this thread: OpenMP's other threads spin on after a product and hold up the workers."""
    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_before)

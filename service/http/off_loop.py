"""Work that would hold the event loop, on a pool of threads."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

INLINE_BYTES = 64 * 1024  # of JSON are parsed and validated in 0.3 ms; a thread and back costs 0.05 ms and more

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def run_off_loop(n_bytes: int, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What the function returns for this much text; run right here when that is so little that a thread costs more."""
    if n_bytes <= INLINE_BYTES:
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)

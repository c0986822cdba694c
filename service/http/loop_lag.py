"""How late the event loop is: nothing may hold it, or every client waits."""

import asyncio
import time
from collections.abc import Callable

_EVERY_S = 0.01


async def watch_lag(note: Callable[[float, float], None]) -> None:
    """Note a hundred times a second by how many seconds the loop was late, and how many of the processor's it took
    meanwhile, until cancelled. What it is late beyond those it waited for a core, or for other threads."""
    loop = asyncio.get_running_loop()
    while True:
        due, began_s = loop.time() + _EVERY_S, time.thread_time()
        await asyncio.sleep(_EVERY_S)
        note(loop.time() - due, time.thread_time() - began_s)

"""How late the event loop is: nothing may hold it, or every client waits."""

import asyncio
from collections.abc import Callable

_EVERY_S = 0.01


async def watch_lag(note: Callable[[float], None]) -> None:
    """Note again and again by how many seconds the loop was late, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _EVERY_S
        await asyncio.sleep(_EVERY_S)
        note(loop.time() - due)

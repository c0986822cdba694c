"""A process that reads the markup of one page after another, and may be killed at any time.

It speaks frames over its standard input and output: eight bytes of length, big-endian, then UTF-8. The first comes
unasked: empty when the parser is there, else the module that is not and why, a line each. Then a page in gives its
`Markup` as JSON. A page may use some seconds of processor time; then SIGPROF ends the process. It imports this room
alone, so that it starts fast and holds no model.
"""

import contextlib
import logging
import os
import signal
import sys
from typing import IO

MAX_CPU_S = 3.0  # processor time of one page; 90 news pages take 0.02 s each, the worst 0.3 s
_NICENESS = 5
_MAX_MEMORY = 2 << 30  # bytes of address space; a page of 10 MB takes 0.4 GB


def main() -> None:
    """Answers pages until the input ends."""
    logging.disable(logging.CRITICAL)  # a parser's complaints quote the page
    _limit_memory()
    _give_way()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    write_frame(target, _find_fault().encode("utf-8", "replace"))
    while (page := read_frame(source)) is not None:
        _limit_time()
        write_frame(target, _read(page.decode("utf-8")))


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame, or none when the stream ends before or within one."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    content = stream.read(size)
    return content if len(content) == size else None


def write_frame(stream: IO[bytes], content: bytes) -> None:
    """Sends one frame."""
    stream.write(len(content).to_bytes(8, "big") + content)
    stream.flush()


def _find_fault() -> str:
    """The module that cannot be imported and the reason, a line each; empty when there is none."""
    try:
        import copydesk.model.page.html.main_text  # noqa: F401
    except ImportError as error:
        inner = error.__context__  # some packages wrap the error that names the module
        cause = inner if error.name is None and isinstance(inner, ImportError) else error
        return f"{cause.name or ''}\n{cause}"
    return ""


def _read(page: str) -> bytes:
    from copydesk.model.page.html.main_text import read_markup  # here, for the parent process imports this file too

    return read_markup(page).to_json()


def _limit_time() -> None:
    """End the process when the next page takes longer than it may."""
    with contextlib.suppress(AttributeError):  # not every system can
        signal.setitimer(signal.ITIMER_PROF, MAX_CPU_S)


def _give_way() -> None:
    """Let the process that answers texts go first."""
    with contextlib.suppress(AttributeError, OSError):  # not every system can
        os.nice(_NICENESS)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system can
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))


if __name__ == "__main__":
    main()

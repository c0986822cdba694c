"""A process that turns HTML into text, one page after another, and may be killed at any time.

It speaks frames over its standard input and output: eight bytes of length, big-endian, then UTF-8. The first comes
unasked: empty when the parser is there, else the module that is not and why, a line each. After it, an empty answer
says that the page holds no text. It imports nothing of copydesk, so that it starts fast and holds no model.
"""

import contextlib
import logging
import sys
from typing import IO

MAX_MEMORY = 2 << 30  # bytes of address space; a page of 10 MB takes 0.4 GB


def main() -> None:
    """Answers pages until the input ends."""
    logging.disable(logging.CRITICAL)  # a parser's complaints quote the page
    _limit_memory()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    write_frame(target, _find_fault().encode("utf-8", "replace"))
    while (page := read_frame(source)) is not None:
        write_frame(target, _extract(page.decode("utf-8")).encode("utf-8", "replace"))


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
        import trafilatura  # noqa: F401
    except ImportError as error:
        inner = error.__context__  # some packages wrap the error that names the module
        cause = inner if error.name is None and isinstance(inner, ImportError) else error
        return f"{cause.name or ''}\n{cause}"
    return ""


def _extract(page: str) -> str:
    """The main text, one paragraph a line; all visible text when no main text is found."""
    import trafilatura  # here, for the parent process imports this file too

    if "<body" not in page.lower():
        page = f"<html><body>{page}</body></html>"
    text = trafilatura.extract(page, include_comments=False, include_tables=True)
    return text or trafilatura.html2txt(page) or ""


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system can
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    main()

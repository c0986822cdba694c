"""The main text of an HTML page, found in a process of its own.

Markup is the one input that can make a parser slow, greedy or crash. So a page is parsed where that harms nobody: in a
worker process with a limit of memory, killed when its time is up.
"""

import atexit
import os
import queue
import re
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from copydesk.model.errors import DocumentError, InstallError
from copydesk.model.installation import explain_import
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.worker import MAX_CPU_S, read_frame, write_frame

MAX_HTML = 10_000_000  # characters; the largest of 90 news pages has 1.4 million
_MAX_DEPTH = 1_000  # elements inside each other; browsers stop at 512
TIMEOUT_S = 20.0  # for one page; 90 news pages take 0.1 s each
_START_S = 120.0  # for a worker to import its parser, on a busy machine
_MAX_WORKERS = 4
_WORKER = "copydesk.model.page.html.worker"
_ROOT = Path(__file__).parents[4]  # of the import name: the worker reads with the same code as we
_CONTAINER = re.compile(
    r"<(/?)(?:div|span|section|article|main|aside|nav|header|footer|table|tbody|ul|ol|dl|blockquote|form|fieldset|center|"
    r"figure|details|object|svg|g)\b(?![^<>]*/>)",
    re.IGNORECASE,
)


class Cancellation:
    """Ends the reading of a page from another thread: the process that reads it is killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kill: Callable[[], None] | None = None
        self._is_cancelled = False

    def cancel(self) -> None:
        """Nobody waits for the page any more."""
        with self._lock:
            self._is_cancelled = True
            if self._kill:
                self._kill()

    @contextmanager
    def calling(self, kill: Callable[[], None]) -> Iterator[None]:
        """Call `kill` when the reading inside is cancelled, or was before."""
        with self._lock:
            self._kill = kill
            if self._is_cancelled:
                kill()
        try:
            yield
        finally:
            with self._lock:
                self._kill = None


def read_html(html: str, timeout_s: float = TIMEOUT_S, cancellation: Cancellation | None = None) -> Markup:
    """What the markup of a page says; offsets of an analysis point into its text.

    Raises DocumentError: html_too_long, html_too_deep, html_too_slow, html_unreadable or html_without_text; and
    InstallError where the parser does not start, whatever the page.
    """
    if len(html) > MAX_HTML:
        raise DocumentError("html_too_long", f"the HTML has {len(html)} characters, the limit is {MAX_HTML}")
    if _is_too_deep(html):
        raise DocumentError(
            "html_too_deep", f"the HTML nests more than {_MAX_DEPTH} elements; send the article as text"
        )
    page = html.encode("utf-8", "replace").replace(b"\0", b" ")
    markup = Markup.from_json(_run(page, timeout_s, cancellation or Cancellation()))
    if not markup.text.strip():
        raise DocumentError("html_without_text", "the HTML has no running text; send the article as text")
    return markup


def check_parser() -> None:
    """Start a worker, for the first page to come. Raises InstallError."""
    pool = _pool()
    worker = pool.get()
    try:
        worker.start()
    finally:
        pool.put(worker)


def _is_too_deep(html: str) -> bool:
    depth = 0
    for match in _CONTAINER.finditer(html):
        depth = max(0, depth - 1) if match.group(1) else depth + 1
        if depth > _MAX_DEPTH:
            return True
    return False


def _run(page: bytes, timeout_s: float, cancellation: Cancellation) -> bytes:
    pool = _pool()
    worker = pool.get()
    try:
        return worker.read(page, timeout_s, cancellation)
    finally:
        pool.put(worker)


class _Worker:
    """A slot for one worker process, started when it is first needed and again after it was killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, page: bytes, timeout_s: float, cancellation: Cancellation) -> bytes:
        """The markup of a page as JSON. Raises DocumentError, and what `start` raises."""
        self.start()
        try:
            return self._ask(page, timeout_s, cancellation)
        except TimeoutError as error:
            raise DocumentError(
                "html_too_slow",
                f"the HTML takes more than {min(timeout_s, MAX_CPU_S):g} s to read; send the article as text",
            ) from error
        except EOFError as error:
            raise DocumentError("html_unreadable", "the HTML could not be parsed; send the article as text") from error

    def start(self) -> None:
        """Start the process unless it runs. Raises InstallError when it does not get ready."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        # -P: else Python would look for its own modules among ours
        command = [sys.executable, "-P", "-m", _WORKER]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
        try:
            name, _, fault = self._ask(None, _START_S, Cancellation()).decode("utf-8").partition("\n")
        except (TimeoutError, EOFError) as error:
            raise InstallError(f"the HTML parser does not start; see why with: {' '.join(command)}") from error
        if fault:
            self.close()
            raise explain_import(ImportError(fault, name=name or None))

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, page: bytes | None, timeout_s: float, cancellation: Cancellation) -> bytes:
        """What the process says to a page, or, to none, when it has started. Ends it and raises TimeoutError after
        `timeout_s`, EOFError when it ended by itself."""
        process = self._process
        assert process is not None
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(timeout_s, stop)
        timer.start()
        try:
            with cancellation.calling(process.kill):
                answer = _exchange(process, page)
        finally:
            timer.cancel()
        if answer is not None and not is_late.is_set():
            return answer
        is_slow = is_late.is_set() or process.wait() == -signal.SIGPROF
        self.close()
        raise TimeoutError if is_slow else EOFError


def _exchange(process: subprocess.Popen[bytes], page: bytes | None) -> bytes | None:
    """The next answer; none when the process ended instead."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if page is not None:
            write_frame(process.stdin, page)
        return read_frame(process.stdout)
    except OSError:
        return None


def _environment() -> dict[str, str]:
    """Ours, with the place that copydesk was imported from on the path, where Python would not look by itself."""
    if str(_ROOT) == sysconfig.get_path("purelib"):
        return dict(os.environ)
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


@cache
def _pool() -> queue.LifoQueue[_Worker]:
    """The slots for workers, last used first."""
    workers = [_Worker() for _ in range(min(_MAX_WORKERS, os.cpu_count() or 1))]
    pool: queue.LifoQueue[_Worker] = queue.LifoQueue()
    for worker in workers:
        pool.put(worker)
        atexit.register(worker.close)
    return pool

"""Services under measurement: started on a free port of this machine, ended by their process id."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from support.tiny import ROOT

_READY_S = 120
_END_S = 40  # a service drains for 21 s at most


@dataclass(frozen=True)
class Server:
    """A service that answers."""

    url: str
    process: "subprocess.Popen[bytes]"

    @property
    def memory_mb(self) -> float:
        """Resident memory of the service and its children now; 0 when it has ended."""
        try:
            process = psutil.Process(self.process.pid)
            return float(sum(p.memory_info().rss for p in (process, *process.children(recursive=True)))) / 2**20
        except psutil.NoSuchProcess:
            return 0.0


@contextmanager
def serve_copydesk(*options: str | Path, **environment: str) -> Iterator[Server]:
    """`copydesk serve` with these options and COPYDESK_* variables."""
    port = find_port()
    command = [sys.executable, "-m", "copydesk", "serve", "--port", str(port), *map(str, options)]
    with run_server(command, f"http://127.0.0.1:{port}", "/readyz", environment) as server:
        yield server


@contextmanager
def run_server(
    command: Sequence[str],
    url: str,
    health: str,
    environment: Mapping[str, str] | None = None,
    *,
    log: Path = Path(os.devnull),
    ready_s: float = _READY_S,
) -> Iterator[Server]:
    """The server that this command starts, once its health route answers 200; what it says goes to `log`."""
    variables = os.environ | (environment or {})
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, env=variables, stdout=said, stderr=said) as process,
    ):
        try:
            wait_until_ready(f"{url}{health}", process, ready_s)
            yield Server(url, process)
        finally:
            end_process(process)


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", ready_s: float = _READY_S) -> None:
    """Return when this address answers 200. Raises RuntimeError when the process ends or takes too long."""
    end = time.perf_counter() + ready_s
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}; run it by hand to see why")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer after {ready_s:g} s")


def end_process(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and make it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

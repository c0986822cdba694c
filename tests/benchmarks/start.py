"""From a cold start to the first answers: seconds to ready, to the first answer, and resident memory."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TEXT = (
    "Ministers agreed on Monday to cut the duty on imported steel. The deal ends a two-year dispute over exports. " * 25
)


@contextmanager
def running_server(*options: str) -> Iterator[tuple[str, int]]:
    """Address and process id of a `copydesk serve` of our own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "copydesk", "serve", "--port", str(port), *options]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        try:
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()


def wait_until_ready(address: str, limit_s: float = 120) -> None:
    """Return when /readyz answers 200."""
    end = time.perf_counter() + limit_s
    while time.perf_counter() < end:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{address} is not ready after {limit_s} s")


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def post(address: str, text: str) -> float:
    """Seconds that one analysis takes."""
    body = json.dumps({"documents": [{"text": text}]}).encode()
    request = urllib.request.Request(f"{address}/v1/analyze", body, {"Content-Type": "application/json"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as response:
        json.load(response)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    start = time.perf_counter()
    with running_server() as (address, pid):
        wait_until_ready(address)
        print(f"ready after          {time.perf_counter() - start:6.2f} s")
        print(f"first answer after   {post(address, _TEXT):6.2f} s")
        alone = sorted(post(address, _TEXT) for _ in range(30))
        print(f"alone, p50           {1000 * alone[15]:6.0f} ms (a text of about 550 tokens)")
        print(f"resident memory      {resident_mb(pid):6.0f} MB")


if __name__ == "__main__":
    main()

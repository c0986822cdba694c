"""The client, and a service as a process of its own that refuses, dies in the midst of an answer, and comes back."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.servers import find_port
from copydesk.client import Client
from support.tiny import ROOT


@contextmanager
def mortal_service(deaths: list[int]) -> Iterator[str]:
    """The address of a service that is started again whenever it dies; how it died is added to `deaths`."""
    port, is_over = find_port(), threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def live() -> None:
        while not is_over.is_set():
            command = [sys.executable, "-m", "support.mortal_service", str(port)]
            with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")}) as process:
                running[:] = [process]
                code = process.wait()
            if not is_over.is_set():
                deaths.append(code)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        is_over.set()
        while thread.is_alive():
            for process in running:
                process.kill()
            thread.join(0.1)


def test_ten_thousand_texts_outlast_a_service_that_is_killed_again_and_again() -> None:
    texts = [f"Text {i}." for i in range(10_000)]
    deaths: list[int] = []
    with mortal_service(deaths) as address, Client(address) as client:
        results = list(client.analyze_many(texts))
    assert [result["story"]["title"] if "story" in result else "" for result in results] == texts
    assert len(deaths) >= 5
    assert set(deaths) == {-9}

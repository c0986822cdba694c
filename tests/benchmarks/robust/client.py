"""An archive sent through a service that refuses, is killed, and comes back: what the client makes of it.

The service lets little work wait, so that it refuses some of the requests, and is killed every few seconds in the
midst of its work. Texts are numbered; a result is in its place when it has the text's number and its length.
"""

import logging
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.bench import Bench, Report
from benchmarks.servers import find_port, run_server
from copydesk.client import Client, Document
from support.tiny import STORY

N_TEXTS = 10_000
_UP_S, _DOWN_S = (8.0, 15.0), 2.0  # between two deaths, and until the service is started again
_READY_S = 280  # on a busy machine; the client waits 300
_SETTINGS = {"COPYDESK_MAX_QUEUE_DELAY_S": "0.5", "COPYDESK_MIN_QUEUE_TOKENS": "1"}
_STATUS = re.compile(r": (\d{3}|no answer) ")


class WaitCounter(logging.Handler):
    """Counts why the client has waited."""

    def __init__(self) -> None:
        super().__init__()
        self.n_waits: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        match = _STATUS.search(record.getMessage())
        self.n_waits[match[1] if match else "other"] += 1


@dataclass
class Mortal:
    """A service on one port that is killed and started again until it is told to end."""

    bench: Bench
    port: int = field(default_factory=find_port)
    n_deaths: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def live(self) -> None:
        """Start, kill, start again."""
        command = [sys.executable, "-m", "copydesk", "serve", "--port", str(self.port), "--device", "cpu"]
        url = f"http://127.0.0.1:{self.port}"
        while not self.is_over.is_set():
            whole = [*command, "--bundle", str(self.bench.bundle)]
            with run_server(whole, url, "/readyz", _SETTINGS, ready_s=_READY_S) as server:
                if self.is_over.wait(random.uniform(*_UP_S)):
                    return
                server.process.send_signal(signal.SIGKILL)
            self.n_deaths += 1
            self.is_over.wait(_DOWN_S)


def write_archive(n_texts: int) -> Iterator[Document]:
    """Numbered texts, each of another length."""
    for i in range(n_texts):
        yield {"id": str(i), "text": f"{STORY} It was day {i}."}


def main(bench: Bench) -> Report:
    """Send the archive, and count what came back."""
    report, n_texts = Report(), bench.pick(N_TEXTS, 1_000)
    expected = [(document["id"], len(document["text"] or "")) for document in write_archive(n_texts)]
    service, counter = Mortal(bench), WaitCounter()
    with counting(counter), running(service):
        started = time.perf_counter()
        with Client(f"http://127.0.0.1:{service.port}", n_parallel=8) as client:
            results = list(client.analyze_many(write_archive(n_texts), include=["tags"]))
        seconds = time.perf_counter() - started
    got = [("", 0) if "error" in result else (result["id"], result["coverage"]["characters"]) for result in results]
    report.add("texts sent", n_texts)
    report.add("answers", len(results), at_least=n_texts, at_most=n_texts)
    report.add("not the text's own, in its place", sum(a != b for a, b in zip(got, expected, strict=False)), at_most=0)
    report.add("deaths of the service", service.n_deaths, at_least=bench.pick(3, 0))
    for why, n in sorted(counter.n_waits.items()):
        report.add(f"waits for: {why}", n)
    report.add("all of it", seconds, "s")
    return report


@contextmanager
def counting(counter: WaitCounter) -> Iterator[None]:
    """Let the counter hear of every wait."""
    logger = logging.getLogger("copydesk.client")
    logger.addHandler(counter)
    logger.propagate = False
    yield
    logger.propagate = True
    logger.removeHandler(counter)


@contextmanager
def running(service: Mortal) -> Iterator[None]:
    """Let the service live and die meanwhile."""
    thread = threading.Thread(target=service.live)
    thread.start()
    try:
        yield
    finally:
        service.is_over.set()
        thread.join()

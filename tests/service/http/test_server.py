"""The server as a process of its own: signals, half-sent requests, the end under load."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from support.tiny import ROOT, STORY

BODY = json.dumps({"documents": [{"text": STORY * 100}]}).encode()
HEAD = (
    b"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
)
START_S = 300  # a loaded machine imports torch slowly


class Service:
    """A running `copydesk serve` on the tiny bundle."""

    def __init__(self, bundle: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = ["serve", "--port", str(self.port), "--bundle", str(bundle), "--device", "cpu"]
        settings = {
            "COPYDESK_MAX_QUEUE_DELAY_S": "600",
            "COPYDESK_BODY_TIMEOUT_S": "600",
            "COPYDESK_HEADER_TIMEOUT_S": "1",
            "COPYDESK_DRAIN_NOTICE_S": "5",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "copydesk", *command], cwd=ROOT, env=os.environ | settings
        )
        self._until_ready()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def begin_to_end(self) -> None:
        """Send SIGTERM and wait until the service says so."""
        self.process.send_signal(signal.SIGTERM)
        while httpx.get(f"{self.url}/readyz").status_code != 503:
            time.sleep(0.01)

    def _until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(f"no service at {self.url}, exit code {self.process.poll()}")


@pytest.fixture
def service(tiny_bundle: Path) -> Iterator[Service]:
    running = Service(tiny_bundle)
    yield running
    running.process.kill()
    running.process.wait()


def read_all(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection; a reset is an end too."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def test_sigterm_under_load_loses_no_admitted_request_and_exits_with_0(service: Service) -> None:
    all_sent = threading.Barrier(9, timeout=60)

    def ask() -> bytes:
        with service.connect() as connection:
            connection.sendall(HEAD + BODY[:100])
            all_sent.wait()
            connection.sendall(BODY[100:])
            return read_all(connection)

    with ThreadPoolExecutor(8) as clients:
        answers = [clients.submit(ask) for _ in range(8)]
        service.begin_to_end()
        assert httpx.get(f"{service.url}/livez").headers["connection"] == "close"
        all_sent.wait()
        for answer in answers:
            head, _, body = answer.result().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert json.loads(body)["results"][0]["tags"]
    assert service.process.wait(60) == 0


def test_half_sent_heads_are_cut_off_and_a_second_sigterm_ends_at_once(service: Service) -> None:
    for start in (b"", b"POST /v1/analyze HTTP/1.1\r\nHost:", b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000):
        with service.connect() as connection:
            connection.sendall(start)
            assert read_all(connection) == b""
    with service.connect() as connection:
        connection.sendall(HEAD + BODY[:100])
        service.begin_to_end()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 128 + signal.SIGTERM

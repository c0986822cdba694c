import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import copydesk


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """The port of a server that gives this answer to /readyz, and 404 else."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def health(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["copydesk", "health", *arguments])
    with pytest.raises(SystemExit) as exit_:
        copydesk.main()
    return int(exit_.value.code or 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_ready_service_is_found_where_the_settings_say(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, b"{}") as port:
        monkeypatch.setenv("COPYDESK_HOST", host)
        monkeypatch.setenv("COPYDESK_PORT", str(port))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert health(monkeypatch) == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"detail": "the service is about to end"}', "not ready: the service is about to end"),
        (b"<h1>Bad gateway</h1>", "/readyz answers 503, expected 200"),
        (b"[]", "/readyz answers 503, expected 200"),
    ],
)
def test_a_service_that_is_not_ready_says_why(
    body: bytes, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(503, body) as port:
        assert health(monkeypatch, "--url", f"http://127.0.0.1:{port}/") == 1
    assert said in capsys.readouterr().err


def test_silence_is_no_health(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as listening:  # takes connections and never answers
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert health(monkeypatch, "--url", url, "--timeout", "0.1") == 1
    assert health(monkeypatch, "--url", url) == 1
    assert capsys.readouterr().err.count(f"{url} does not answer") == 2


def test_what_is_no_address_is_a_mistake(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert health(monkeypatch, "--url", "127.0.0.1:8000") == 2
    assert "expected an address such as http://127.0.0.1:8000" in capsys.readouterr().err

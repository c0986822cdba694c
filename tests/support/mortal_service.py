"""A service that answers as copydesk does until it dies in the midst of an answer: its one argument is the port.

It refuses each third request, and kills itself, as the system kills a process that takes too much memory, after a few.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from support.stub_service import LIMITS

_N_REQUESTS = 25  # until it dies
_REFUSED = 3  # each third


class Handler(BaseHTTPRequestHandler):
    """Answers, refuses, or dies."""

    protocol_version = "HTTP/1.1"
    numbers = count(1)

    def do_GET(self) -> None:
        """The model."""
        self._answer(200, {"name": "stub", "digest": "0", "labels": [], "limits": LIMITS})

    def do_POST(self) -> None:
        """An analysis: of each document its text, as the title of its story."""
        documents = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["documents"]
        number = next(self.numbers)
        if number % _REFUSED == 0:
            self._answer(503, {"detail": "overloaded; try again in 0 s"}, {"Retry-After": "0"})
            return
        results = [{"story": {"title": document["text"]}} for document in documents]
        self._answer(200, {"model": {}, "results": results}, is_last=number > _N_REQUESTS)

    def _answer(
        self, status: int, body: object, headers: dict[str, str] | None = None, *, is_last: bool = False
    ) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if is_last else content)
        if is_last:
            self.wfile.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

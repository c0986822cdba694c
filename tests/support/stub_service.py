"""A service that answers as copydesk does, refuses, fails and vanishes, as a script says."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2

LIMITS = {"max_documents": 64, "max_body_bytes": 100_000, "max_document_tokens": 100_000, "request_timeout_s": 60.0}
Reply = httpx2.Response | Exception
Script = Callable[[int, list[dict[str, Any]]], Reply | None]  # Any: JSON


class StubService(httpx2.AsyncBaseTransport):
    """Counts how often each text was answered. `script` may reply to the nth request for an analysis in its place."""

    def __init__(self, script: Script = lambda n, documents: None) -> None:
        self.answered: Counter[str] = Counter()
        self.requests: list[httpx2.Request] = []
        self._script = script

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, or what breaks the connection."""
        if request.url.path == "/v1/model":
            return httpx2.Response(200, json={"name": "stub", "digest": "0", "labels": [], "limits": LIMITS})
        self.requests.append(request)
        documents = json.loads(await request.aread())["documents"]
        reply = self._script(len(self.requests) - 1, documents)
        if isinstance(reply, Exception):
            raise reply
        return reply or self._answer(documents)

    def _answer(self, documents: list[dict[str, Any]]) -> httpx2.Response:  # Any: JSON
        self.answered.update(document["text"] for document in documents)
        results = [{"id": document.get("id", ""), "story": {"title": document["text"]}} for document in documents]
        return httpx2.Response(200, json={"model": {"name": "stub", "digest": "0"}, "results": results})


def problem(status: int, detail: str, retry_after: str | None = None, **extra: object) -> httpx2.Response:
    """An answer that is an error."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return httpx2.Response(status, json={"status": status, "detail": detail, **extra}, headers=headers)

"""Requests and their answers: what is tried again, what is cut in two, and what stands for a document that fails."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from copydesk.client.answers import FailureOut, LimitsOut, ModelDescription
from copydesk.client.chunks import Chunk, Item
from copydesk.client.replies import Results, describe, names_codes, read_failures, read_model, read_results, refusal
from copydesk.client.waiting import FAILED, REFUSED, Patience, Waiting

logger = logging.getLogger(__name__)

_LOST = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.RemoteProtocolError, httpx2.ProxyError)
_BY_HALVES: dict[int, str] = {  # what is too much together may not be too much alone: the code of a document that is
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout",
}


@dataclass(frozen=True)
class Exchange:
    """One service, asked through one pool of connections. For one event loop."""

    http: httpx2.AsyncClient
    patience: Patience

    async def describe_model(self) -> ModelDescription:
        """The model that answers. Raises RefusedError, UnavailableError."""
        return read_model(await self._ask("/v1/model", None, "the model", is_one=True))

    async def analyze(self, chunk: Chunk, options: bytes, limits: LimitsOut) -> Results:
        """One result for each document, in order. Raises RefusedError, UnavailableError."""
        body = chunk.render(options)
        if len(body) > limits["max_body_bytes"]:
            fault = f"{len(body)} bytes, the limit is {limits['max_body_bytes']}; send it in parts"
            return await self._halve(chunk, options, limits, "too_large", fault)
        response = await self._ask("/v1/analyze", body, chunk.name, is_one=len(chunk.items) == 1)
        if response.status_code == HTTPStatus.OK:
            return read_results(response, chunk)
        if code := _BY_HALVES.get(response.status_code):
            return await self._halve(chunk, options, limits, code, describe(response))
        failures = read_failures(response, chunk)
        if not failures:
            raise refusal(response, chunk.name)
        return await self._merge(chunk, options, limits, failures)

    async def _halve(self, chunk: Chunk, options: bytes, limits: LimitsOut, code: str, fault: str) -> Results:
        """The results of both halves; a document that is alone has failed."""
        if len(chunk.items) == 1:
            return [chunk.items[0].fail(code, fault)]
        first, second = chunk.split()
        return await self.analyze(first, options, limits) + await self.analyze(second, options, limits)

    async def _merge(
        self, chunk: Chunk, options: bytes, limits: LimitsOut, failures: Mapping[Item, FailureOut]
    ) -> Results:
        """These failures, and what is said of the other documents without them."""
        others = tuple(item for item in chunk.items if item not in failures)
        results = iter(await self.analyze(Chunk(others), options, limits) if others else [])
        return [failures[item] if item in failures else next(results) for item in chunk.items]

    async def _ask(self, path: str, body: bytes | None, what: str, *, is_one: bool) -> httpx2.Response:
        """The first answer that a later try would not better. is_one: less cannot be asked. Raises UnavailableError."""
        waiting = Waiting(what, self.patience)
        while True:
            try:
                response = await self._send(path, body)
            except _LOST as error:
                fault, retry_after = f"no answer ({type(error).__name__})", None
            else:
                if (not is_one and response.status_code in _BY_HALVES) or not _is_passing(response, waiting):
                    self.patience.note_answer()
                    return response
                fault, retry_after = describe(response), response.headers.get("Retry-After")
            wait_s = waiting.next_s(fault, retry_after)
            logger.warning("%s, %s: %s; again in %.1f s", self.http.base_url, what, fault, wait_s)
            await asyncio.sleep(wait_s)

    async def _send(self, path: str, body: bytes | None) -> httpx2.Response:
        if body is None:
            return await self.http.get(path)
        return await self.http.post(path, content=body, headers={"Content-Type": "application/json"})


def _is_passing(response: httpx2.Response, waiting: Waiting) -> bool:
    """Whether a later try may be answered in another way."""
    if response.status_code in FAILED and not names_codes(response):
        return waiting.note_failure()
    return response.status_code in REFUSED

"""The client for programs that run an event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Self, Unpack

import httpx2

from copydesk.client.answers import FailureOut, LimitsOut, ModelDescription, ResultOut
from copydesk.client.chunks import Chunk, cut_chunks, to_json
from copydesk.client.documents import Document, Options
from copydesk.client.errors import DocumentError
from copydesk.client.exchange import Exchange
from copydesk.client.replies import Results
from copydesk.client.waiting import Patience

ADDRESS = "http://127.0.0.1:8000"
PATIENCE_S = 300.0
TIMEOUT_S = 90.0  # the service itself ends a request after 60 s
N_PARALLEL = 4  # requests: while one is on its way, the device reads another


class AsyncClient:
    """Asks the service at `address`. Use it as an async context manager, or `aclose` it.

    key: an API key, where the service wants one. n_parallel: requests under way at once. patience_s: how long the
    service may answer nothing until UnavailableError. timeout_s: how long one answer may take.
    """

    def __init__(
        self,
        address: str = ADDRESS,
        key: str | None = None,
        *,
        n_parallel: int = N_PARALLEL,
        patience_s: float = PATIENCE_S,
        timeout_s: float = TIMEOUT_S,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        http = httpx2.AsyncClient(
            base_url=address,
            headers={"User-Agent": "copydesk-client"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=timeout_s,
            transport=transport,
        )
        self.n_parallel = n_parallel
        self._exchange = Exchange(http, Patience(patience_s))
        self._limits: LimitsOut | None = None

    async def describe_model(self) -> ModelDescription:
        """Labels, thresholds, device, limits and quality of the model that answers now."""
        return await self._exchange.describe_model()

    async def analyze(self, document: str | Document, **options: Unpack[Options]) -> ResultOut:
        """The analysis of one document. Raises DocumentError, RefusedError, UnavailableError."""
        (result,) = [result async for result in self.analyze_many([document], **options)]
        return or_error(result)

    async def analyze_many(
        self, documents: Iterable[str | Document], **options: Unpack[Options]
    ) -> AsyncIterator[ResultOut | FailureOut]:
        """One result for each document, in order, as they come; what cannot be analysed has an `error` in its place.

        `documents` may be an archive: it is read as far as the answers are. Raises RefusedError, UnavailableError.
        """
        limits = await self.limits()
        waiting: deque[asyncio.Task[Results]] = deque()
        try:
            for chunk in cut_chunks(documents, limits):
                waiting.append(asyncio.create_task(self.ask(chunk, options, limits)))
                if len(waiting) == self.n_parallel:
                    for result in await waiting.popleft():
                        yield result
            while waiting:
                for result in await waiting.popleft():
                    yield result
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def limits(self) -> LimitsOut:
        """What one request may hold; asked for once."""
        if self._limits is None:
            self._limits = (await self.describe_model())["limits"]
        return self._limits

    async def ask(self, chunk: Chunk, options: Options, limits: LimitsOut) -> Results:
        """The results of one request. Raises RefusedError, UnavailableError."""
        return await self._exchange.analyze(chunk, to_json(options), limits)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def or_error(result: ResultOut | FailureOut) -> ResultOut:
    """The result of the only document. Raises DocumentError where it has failed."""
    if "error" in result:
        raise DocumentError(0, result["error"]["code"], result["error"]["message"])
    return result

"""The client for programs without an event loop: the other one, on a loop in a thread of its own."""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Self, TypeVar, Unpack

import httpx2

from copydesk.client.answers import FailureOut, ModelDescription, ResultOut
from copydesk.client.chunks import cut_chunks
from copydesk.client.documents import Document, Options
from copydesk.client.nonblocking import ADDRESS, N_PARALLEL, PATIENCE_S, TIMEOUT_S, AsyncClient, or_error
from copydesk.client.replies import Results

_T = TypeVar("_T")


class Client:
    """Asks the service at `address`, as AsyncClient does. Use it as a context manager, or `close` it."""

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
        self._client = AsyncClient(
            address, key, n_parallel=n_parallel, patience_s=patience_s, timeout_s=timeout_s, transport=transport
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="copydesk client", daemon=True)
        self._thread.start()

    def describe_model(self) -> ModelDescription:
        """Labels, thresholds, device, limits and quality of the model that answers now."""
        return self._start(self._client.describe_model()).result()

    def analyze(self, document: str | Document, **options: Unpack[Options]) -> ResultOut:
        """The analysis of one document. Raises DocumentError, RefusedError, UnavailableError."""
        (result,) = self.analyze_many([document], **options)
        return or_error(result)

    def analyze_many(
        self, documents: Iterable[str | Document], **options: Unpack[Options]
    ) -> Iterator[ResultOut | FailureOut]:
        """One result for each document, in order, as they come; what cannot be analysed has an `error` in its place.

        `documents` may be an archive: it is read as far as the answers are. Raises RefusedError, UnavailableError.
        """
        limits = self._start(self._client.limits()).result()
        waiting: deque[Future[Results]] = deque()
        try:
            for chunk in cut_chunks(documents, limits):
                waiting.append(self._start(self._client.ask(chunk, options, limits)))
                if len(waiting) == self._client.n_parallel:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Close the connections, and end the thread."""
        if not self._loop.is_closed():
            self._start(self._client.aclose()).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _start(self, work: Coroutine[Any, Any, _T]) -> "Future[_T]":  # Any: as typing has it
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

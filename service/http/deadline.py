"""A request's work: within its time limit, and only while its client waits."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Header, Request

from copydesk.model.analysis import Document, Options, Result
from copydesk.model.bundles.manifest import Bundle
from copydesk.service.http.problems import ClientGoneError, Problem
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.settings import Settings
from copydesk.service.traces import reach

_MAX_TIMEOUT_MS = 600_000

TimeoutHeader = Annotated[
    int | None,
    Header(
        alias="X-Request-Timeout-Ms",
        ge=1,
        le=_MAX_TIMEOUT_MS,
        description="An answer later than this is of no use; the work is dropped then, and the request gets 504.",
    ),
]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Answered:
    """One result per document, and the bundle that gave them all."""

    bundle: Bundle
    results: list[Result]

    @property
    def headers(self) -> dict[str, str]:
        """The model's digest, for answers of every shape."""
        return {"X-Model-Digest": self.bundle.digest}


async def analyze_documents(
    request: Request, documents: Sequence[Document], options: Options, timeout_ms: int | None
) -> Answered:
    """The answer of the model that is current now, whichever is when it is ready. Raises Problem 422 and 504,
    OverloadedError, ForwardError, ClientGoneError."""
    reach("read")
    settings: Settings = request.app.state.settings
    if len(documents) > settings.max_documents:
        raise Problem(422, f"{len(documents)} documents, the limit is {settings.max_documents}; send fewer")
    timeout_s = settings.request_timeout_s if timeout_ms is None else min(settings.request_timeout_s, timeout_ms / 1000)
    scheduler: Scheduler = request.app.state.scheduler
    analyzer = scheduler.analyzer
    work = scheduler.analyze(documents, options, analyzer)
    try:
        async with asyncio.timeout(timeout_s):
            results = await _unless_gone(request, work)
    except TimeoutError as error:
        raise Problem(504, f"no answer within {timeout_s:g} s; send less text or try later") from error
    for listen in request.app.state.listeners:
        listen(documents, results, options, analyzer.bundle)
    return Answered(analyzer.bundle, results)


async def _unless_gone(request: Request, work: Coroutine[object, object, _T]) -> _T:
    """What `work` returns; when the client leaves first, `work` is cancelled. Raises ClientGoneError.

    The request's body must have been read.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_wait_for_end(request))
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGoneError
        return task.result()
    finally:
        task.cancel()
        watch.cancel()


async def _wait_for_end(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

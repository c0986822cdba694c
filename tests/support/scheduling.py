"""A scheduler that runs, and passes that are held back."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.engine import Documents
from copydesk.model.network.pooling import SentenceSums
from copydesk.service.inference.admission import Admission
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.metrics import Metrics
from support.tiny import STORY


@asynccontextmanager
async def running(analyzer: Analyzer, max_pass_s: float = 60.0) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(analyzer, admission=Admission(60), max_pass_s=max_pass_s, metrics=Metrics())
    try:
        yield scheduler
    finally:
        await asyncio.to_thread(scheduler.close)


class Gate:
    """Holds the end of the analyzer's passes back until it is opened, and counts their tokens."""

    def __init__(self, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_reached, self.is_open, self.n_tokens = threading.Event(), threading.Event(), list[int]()
        original = analyzer.engine.begin

        def begin(documents: Documents) -> SimpleNamespace:
            self.n_tokens.append(sum(story.n_tokens for document in documents for story in document))
            running = original(documents)

            def held() -> list[SentenceSums]:
                self.is_reached.set()
                assert self.is_open.wait(30)
                return running.end()

            return SimpleNamespace(end=held)

        monkeypatch.setattr(analyzer.engine, "begin", begin)

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.is_reached.wait, 30)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


def ask(scheduler: Scheduler, text: str = STORY) -> Awaitable[list[object]]:
    return asyncio.ensure_future(scheduler.analyze([Document(text)], Options()))  # type: ignore[arg-type]  # list[Result]

"""Has the model read the stories that it has not read yet, while nobody else asks for it."""

import asyncio
import logging
from collections.abc import Sequence

import numpy as np
from sqlalchemy.exc import IntegrityError

from copydesk.client.answers import Part
from copydesk.model.analysis import Analysis, Document, Options, Result
from copydesk.model.bundles.manifest import Bundle
from copydesk.service.answers import to_answer
from copydesk.service.desk.errors import DeskError
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.predictions import Reading, find_unread, keep_model, keep_readings
from copydesk.service.desk.store.tables import Story
from copydesk.service.inference.admission import OverloadedError
from copydesk.service.inference.backlog import ForwardError
from copydesk.service.inference.scheduler import Scheduler

logger = logging.getLogger(__name__)

_GROUP = 4  # stories at once: a request that comes in waits for these at most
_IDLE_S = 2.0
_POLITE_S = 0.05
_AFTER_ERROR_S = 5.0
_EMBED_S = 5.0  # that a description may take; without its meaning its words alone count
OPTIONS = Options(evidence="every")
_PARTS: tuple[Part, ...] = ("tags", "summary", "evidence", "sentences", "furniture")


class Reader:
    """Reads for the desk. For the event loop; `wake` for any thread."""

    def __init__(self, database: Database, scheduler: Scheduler) -> None:
        self._database = database
        self._scheduler = scheduler
        self._loop = asyncio.get_running_loop()
        self._has_work = asyncio.Event()

    @property
    def bundle(self) -> Bundle:
        """The one that reads now."""
        return self._scheduler.analyzer.bundle

    def wake(self) -> None:
        """There may be stories to read."""
        self._loop.call_soon_threadsafe(self._has_work.set)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                is_idle = await self._read_some() == 0
            except (OverloadedError, ForwardError, DeskError, IntegrityError) as error:  # the last: somebody was faster
                logger.warning("the desk's reading waits", extra={"fields": {"reason": type(error).__name__}})
                await asyncio.sleep(_AFTER_ERROR_S)
                continue
            if is_idle:
                await self._until_woken()

    def embed(self, text: str) -> tuple[float, ...]:
        """The vector of a text; none where it cannot be read. For a thread beside the event loop."""
        try:
            return asyncio.run_coroutine_threadsafe(self._embed(text), self._loop).result(_EMBED_S)
        except (OverloadedError, ForwardError, TimeoutError):
            return ()

    async def _embed(self, text: str) -> tuple[float, ...]:
        (result,) = await self._scheduler.analyze([Document(text)], Options("whole"))
        return result.story.vector if isinstance(result, Analysis) else ()

    async def _until_woken(self) -> None:
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._has_work.wait()
        except TimeoutError:
            pass
        self._has_work.clear()

    async def _read_some(self) -> int:
        """Read the next few; how many there were."""
        while self._scheduler.admission.n_tokens:
            await asyncio.sleep(_POLITE_S)
        analyzer = self._scheduler.analyzer
        stories = await asyncio.to_thread(self._find, analyzer.bundle)
        if stories:
            documents = [Document(story.text, story.title) for story in stories]
            results = await self._scheduler.analyze(documents, OPTIONS, analyzer)
            await asyncio.to_thread(self._keep, analyzer.bundle, stories, results)
        return len(stories)

    def _find(self, bundle: Bundle) -> list[Story]:
        with self._database.read() as session:
            return find_unread(session, bundle.digest, _GROUP)

    def _keep(self, bundle: Bundle, stories: Sequence[Story], results: Sequence[Result]) -> None:
        readings = [to_reading(story.id, result) for story, result in zip(stories, results, strict=True)]
        thresholds = [rule.threshold for rule in bundle.rules]
        with self._database.write() as session:
            keep_model(session, bundle.digest, bundle.name, bundle.labels, thresholds)
            keep_readings(session, bundle.digest, readings)


def to_reading(story_id: int, result: Result) -> Reading:
    """What the desk keeps of an analysis: nothing but the fault where there is none."""
    if not isinstance(result, Analysis):
        return Reading(story_id, None, np.zeros(0, np.float32), np.zeros(0, np.float32), result.message)
    scores = np.array([tag.score for tag in result.story.tags], np.float32)
    answer = dict(to_answer(result, _PARTS))
    return Reading(story_id, answer, scores, np.array(result.story.vector, np.float32))

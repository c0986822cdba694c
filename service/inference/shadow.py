"""A candidate beside the version that serves: it reads a share of the texts after their answers, while nothing else is
to do.

Nobody waits for it, it takes none of the room that requests have, and what it cannot keep up with is passed over.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from copydesk.model.analysis import Analysis, Document, Options, Result
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.store import Store
from copydesk.model.errors import CopydeskError, DocumentError
from copydesk.service.inference.admission import estimate_document
from copydesk.service.inference.agreement import Agreement
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.metrics import Metrics

logger = logging.getLogger(__name__)

Disagreed = Callable[[Analysis, Sequence[str]], None]  # the serving version's answer, and the labels that differ

_MAX_TOKENS = 32_000  # of the texts that wait: a second's work of two cores, or one text however long


@dataclass(frozen=True)
class _Waiting:
    """A text, and what the version with this digest answered."""

    document: Document
    options: Options
    answer: Analysis
    digest: str

    @property
    def n_tokens(self) -> int:
        """About how many there are, and what of its markup is held for as long as it waits."""
        return estimate_document(self.document)


class Shadow:
    """Lets the version `digest` of the store read too. For the event loop.

    listeners: told of each text on which the two differ; they must be quick.
    """

    def __init__(self, scheduler: Scheduler, store: Store, digest: str, *, share: float, metrics: Metrics) -> None:
        self.digest = digest
        self.listeners: list[Disagreed] = []
        self._scheduler = scheduler
        self._store = store
        self._share = share
        self._metrics = metrics
        self._agreement = Agreement(store.directory, digest, metrics)
        self._waiting: deque[_Waiting] = deque()
        self._has_work = asyncio.Event()
        self._is_ready = False

    def note(self, documents: Sequence[Document], results: Sequence[Result], options: Options, bundle: Bundle) -> None:
        """This version answered these; a share of them is to be read again."""
        if not self._is_ready or bundle.digest == self.digest:
            return
        for document, result in zip(documents, results, strict=True):
            if isinstance(result, Analysis) and random.random() < self._share:
                self._put(_Waiting(document, options, result, bundle.digest))

    async def run(self) -> None:
        """Load the candidate, and let it read until cancelled."""
        try:
            candidate = await asyncio.to_thread(self._load)
        except Exception as error:
            self._refuse(error)
            return
        self._is_ready = True
        self._metrics.note_shadow(candidate.bundle)
        logger.info("a shadow reads", extra={"fields": {"name": candidate.bundle.name, "digest": self.digest}})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._agreement.keep())
            tasks.create_task(self._read(candidate))

    def _load(self) -> Analyzer:
        """The candidate, found to work; one process is enough for its texts where the serving version has many."""
        serving = self._scheduler.analyzer
        device = replace(serving.device, n_processes=min(1, serving.device.n_processes))
        candidate = Analyzer.load(self._store.path(self.digest), device, serving.max_document_tokens)
        candidate.engine.probe()
        return candidate

    def _refuse(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, CopydeskError) else type(error).__name__  # others may hold anything
        logger.error("the shadow was refused", extra={"fields": {"digest": self.digest, "reason": reason}})

    def _put(self, one: _Waiting) -> None:
        n_tokens = sum(waiting.n_tokens for waiting in (one, *self._waiting))
        if self._waiting and n_tokens > _MAX_TOKENS:
            self._metrics.note_shadowed("skipped")
            return
        self._waiting.append(one)
        self._has_work.set()

    async def _read(self, candidate: Analyzer) -> None:
        while True:
            await self._has_work.wait()
            while self._waiting:
                await self._read_one(candidate, self._waiting[0])
                self._waiting.popleft()
            self._has_work.clear()

    async def _read_one(self, candidate: Analyzer, one: _Waiting) -> None:
        try:
            answer = await self._scheduler.analyze_aside(one.document, Options(one.options.stories), candidate)
        except Exception as error:
            self._metrics.note_shadowed("failed")
            if not isinstance(error, DocumentError):
                logger.error("the shadow failed: %s", type(error).__name__)  # noqa: TRY400 - a traceback may hold text
            return
        self._metrics.note_shadowed("compared")
        differing = self._agreement.note(one.digest, one.answer.story.tags, answer.story.tags)
        for listen in self.listeners if differing else ():
            listen(one.answer, differing)

"""Between many requests and one model: a bounded queue, batches by a token budget, one thread for the network."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from model.analysis import Document, Failure, Options, Result
from model.analyzer import Analyzer, Prepared, StoryScores
from model.errors import DocumentError

logger = logging.getLogger(__name__)

_N_PREPARERS = 2


class OverloadedError(Exception):
    """The queue is full; `retry_after_s` says when to try again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("the queue is full")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class _Job:
    prepared: Prepared
    future: "asyncio.Future[list[StoryScores]]"
    loop: asyncio.AbstractEventLoop

    def resolve(self, scores: list[StoryScores] | Exception) -> None:
        """Hand the scores, or the error, to the waiting request; from any thread."""
        self.loop.call_soon_threadsafe(self._settle, scores)

    def _settle(self, scores: list[StoryScores] | Exception) -> None:
        if self.future.done():
            return
        if isinstance(scores, Exception):
            self.future.set_exception(scores)
        else:
            self.future.set_result(scores)


class Scheduler:
    """Runs an analyzer for concurrent requests. `prepare` and `finish` run on a small pool, `forward` on one thread."""

    def __init__(self, analyzer: Analyzer, *, max_queued_tokens: int) -> None:
        self.analyzer = analyzer
        self._max_queued_tokens = max_queued_tokens
        self._queued_tokens = 0
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._pool = ThreadPoolExecutor(_N_PREPARERS, thread_name_prefix="prepare")
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    async def analyze(self, documents: Sequence[Document], options: Options) -> list[Result]:
        """One result per document, in order. Raises OverloadedError when the queue is full."""
        return list(await asyncio.gather(*(self._analyze_one(document, options) for document in documents)))

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        self._pool.shutdown()

    async def _analyze_one(self, document: Document, options: Options) -> Result:
        loop = asyncio.get_running_loop()
        try:
            prepared = await loop.run_in_executor(self._pool, self.analyzer.prepare, document, options)
            scores = await self._enqueue(prepared, loop)
            return await loop.run_in_executor(self._pool, self.analyzer.finish, prepared, scores, options)
        except DocumentError as error:
            return Failure(document.id, error.code, error.message)

    def _enqueue(self, prepared: Prepared, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[list[StoryScores]]":
        job = _Job(prepared, loop.create_future(), loop)
        with self._changed:
            if self._is_closed or (self._jobs and self._queued_tokens + prepared.n_tokens > self._max_queued_tokens):
                raise OverloadedError(retry_after_s=5)
            self._jobs.append(job)
            self._queued_tokens += prepared.n_tokens
            self._changed.notify()
        return job.future

    def _run(self) -> None:
        while jobs := self._take():
            try:
                outcomes: Sequence[list[StoryScores] | Exception] = self.analyzer.forward([j.prepared for j in jobs])
            except Exception as error:
                logger.error("forward pass failed: %s", type(error).__name__)  # noqa: TRY400 - a traceback may hold text
                outcomes = [error] * len(jobs)
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.resolve(outcome)

    def _take(self) -> list[_Job]:
        """The jobs of the next forward pass, oldest first: as many as the device's budget holds, at least one.

        Jobs whose request is gone are dropped. Empty when the scheduler is closed and nothing is left.
        """
        budget, jobs = 2 * self.analyzer.device.batch_tokens, list[_Job]()
        with self._changed:
            while not jobs:
                while not self._jobs and not self._is_closed:
                    self._changed.wait()
                if not self._jobs:
                    return []
                while self._jobs and (not jobs or budget >= self._jobs[0].prepared.n_tokens):
                    job = self._jobs.popleft()
                    self._queued_tokens -= job.prepared.n_tokens
                    if not job.future.cancelled():
                        jobs.append(job)
                        budget -= job.prepared.n_tokens
        return jobs

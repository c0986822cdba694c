"""Between many requests and one model: admission, a backlog, one thread for the network.

Texts are prepared and finished on threads or processes of their own while the model's thread runs one pass after the
other; each pass takes windows of many texts, and a long text's windows go through several passes. A text stays with the
analyzer that prepared it, and a pass belongs to one analyzer: `analyzer` may be replaced at any time.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from copydesk.model.analysis import Analysis, Document, Options, Result
from copydesk.model.analyzer import Analyzer
from copydesk.model.boundary import fail_document, where
from copydesk.model.network.encoding import Encoding, WindowSlice
from copydesk.model.network.engine import Pass
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import TokenizedStory
from copydesk.service.inference.admission import (
    Admission,
    OverloadedError,
    Permit,
    estimate_document,
    estimate_tokens,
)
from copydesk.service.inference.backlog import Backlog, ClosedError, ForwardError, QueuedText
from copydesk.service.inference.hands import Hands
from copydesk.service.inference.health import Health
from copydesk.service.metrics import Metrics
from copydesk.service.traces import count, reach

if TYPE_CHECKING:
    from copydesk.service.otel import Tracer

logger = logging.getLogger(__name__)

_BATCHES_PER_PASS = 1  # for each core, on a CPU: 50 ms. Two passes are the longest that a short text waits for others
_IDLE_S = 1.0  # between probes of a device that failed
_PAUSE_S = 0.1  # after a fault of this code: one that comes again at once would fill the log
_RETRY_AFTER_END_S = 5  # when this process ends, another one takes about so long to start


class Scheduler:
    """Runs analyzers for concurrent requests; `analyzer` is the one for the next."""

    def __init__(
        self,
        analyzer: Analyzer,
        *,
        admission: Admission,
        max_pass_s: float,
        metrics: Metrics,
        tracer: "Tracer | None" = None,
    ) -> None:
        self.analyzer = analyzer
        self.admission = admission
        self.health = Health(max_pass_s)
        self._metrics = metrics
        self._tracer = tracer
        self._backlog = Backlog(_BATCHES_PER_PASS * analyzer.device.full_tokens)
        self._hands, self._hands_aside = Hands(), Hands()
        self._running: Collection[QueuedText] = ()
        self._ended = 0.0  # when the last pass ended
        self._thread = self._start_thread()
        metrics.watch_queue(lambda: self.admission.n_tokens, lambda: len(self._backlog), lambda: self.admission.rate)

    @property
    def fault(self) -> str | None:
        """Why texts would wait in vain, if they would. A model's thread that ended is started again."""
        if not self._thread.is_alive() and not self._backlog.is_closed:
            self._thread = self._start_thread()
            return "the model's thread ended"
        return self.health.fault

    async def analyze(
        self, documents: Sequence[Document], options: Options, analyzer: Analyzer | None = None
    ) -> list[Result]:
        """One result per document, in order, all by `analyzer`, or the present one. Cancel it, and what was not begun
        is dropped.

        Raises OverloadedError at once when there is too much to do, ForwardError when the model failed.
        """
        if self._backlog.is_closed:
            raise OverloadedError(_RETRY_AFTER_END_S)
        analyzer = analyzer or self.analyzer
        count(documents=len(documents))
        estimates = [estimate_document(document) for document in documents]
        with self.admission.admit(sum(estimates)) as permit:
            tasks = [
                asyncio.ensure_future(self._analyze_one(analyzer, document, options, permit=permit, estimate=estimate))
                for document, estimate in zip(documents, estimates, strict=True)
            ]
            try:
                return list(await asyncio.gather(*tasks))
            finally:
                for task in tasks:
                    task.cancel()

    async def analyze_aside(self, document: Document, options: Options, analyzer: Analyzer) -> Analysis:
        """What an analyzer beside the present one says, read while nobody else waits: it takes no room from requests,
        and is not counted with them. Raises DocumentError, OverloadedError at the end, ForwardError."""
        prepared = await self._hands_aside.prepare(analyzer, document, options)
        scores = await self._encode(analyzer, prepared.tokens, is_aside=True)
        return await self._hands_aside.finish(analyzer, prepared, scores, options)

    def close(self, timeout_s: float = 5.0) -> None:
        """Finish what waits, then stop; what is not done after `timeout_s` fails."""
        self._backlog.close()
        self._thread.join(timeout_s)
        self._backlog.fail_all(ForwardError("the service stopped"))
        for text in self._running:
            text.resolve(ForwardError("the service stopped during the forward pass"))
        for hands in (self._hands, self._hands_aside):
            hands.close(wait=not self._thread.is_alive())

    async def _analyze_one(
        self, analyzer: Analyzer, document: Document, options: Options, *, permit: Permit, estimate: int
    ) -> Result:
        try:
            prepared = await self._hands.prepare(analyzer, document, options)
            reach("prepared")
            count(stories=len(prepared.tokens), tokens=prepared.n_tokens)
            permit.correct(max(prepared.n_tokens, estimate_tokens(0)) - estimate)
            scores = await self._encode(analyzer, prepared.tokens)
            reach("scored")
            result: Result = await self._hands.finish(analyzer, prepared, scores, options)
            reach("finished")
        except (OverloadedError, ForwardError):  # of the service, not of the document
            raise
        except Exception as error:
            result = fail_document(document.id, error)
            count(failures=1)
        self._metrics.note_result(result)
        return result

    async def _encode(
        self, analyzer: Analyzer, stories: Sequence[TokenizedStory], *, is_aside: bool = False
    ) -> list[StoryScores]:
        loop = asyncio.get_running_loop()
        text = QueuedText(analyzer, Encoding(stories), loop.create_future(), loop, is_aside=is_aside)
        try:
            self._backlog.put(text)
        except ClosedError:
            raise OverloadedError(_RETRY_AFTER_END_S) from None
        return await text.future

    def _start_thread(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="model", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        """Serve until the backlog is closed; an error outside a pass fails the texts under way, and no others."""
        while True:
            try:
                self._serve()
            except Exception as error:
                logger.error(  # noqa: TRY400 - a traceback may hold text
                    "the model's thread failed: %s, at %s", type(error).__name__, "; ".join(where(error.__traceback__))
                )
                for text in self._running:
                    text.resolve(ForwardError("the model's thread failed"))
                self._running = ()
                time.sleep(_PAUSE_S)
            else:
                return

    def _serve(self) -> None:
        """Begin each pass before the one before it ends, so that the device never waits for this thread."""
        running: _SharedPass | None = None
        while (taken := self._backlog.take(0 if running else _IDLE_S, is_idle=not running)) is not None or running:
            taken = taken or {}
            self._running = (*(running.taken if running else ()), *taken)
            following = _SharedPass(taken) if taken else None
            if running:
                self._end(running)
            elif not following and self.health.fault:
                self._probe()
            running, following = following, None
            self._running = tuple(running.taken) if running else ()  # idle, this thread holds no text and no analyzer

    def _end(self, running: "_SharedPass") -> None:
        if not running.is_aside:
            self._metrics.note_waits(running.waits_s)
        try:
            with self.health.watch(is_counted=not running.is_aside):
                scored = list(running.end())
        except Exception as error:
            logger.error("forward pass failed: %s", type(error).__name__)  # noqa: TRY400 - a traceback may hold text
            for text in running.taken:
                text.resolve(ForwardError("the forward pass failed"))
            self._trace(running, type(error).__name__)
            return
        for text, outcome in scored:
            text.resolve(outcome)
        started, self._ended = max(running.started, self._ended), time.monotonic()
        if not running.is_aside:
            self._note_pass(running.n_tokens, self._ended - started)
        self._trace(running)

    def _note_pass(self, n_tokens: int, seconds: float) -> None:
        self.admission.note_pass(n_tokens, seconds, is_full=2 * n_tokens > self._backlog.pass_tokens)
        self._metrics.note_pass(n_tokens, seconds)

    def _trace(self, ended: "_SharedPass", error: str | None = None) -> None:
        if self._tracer:
            requests = [text.trace for text in ended.taken]
            n_windows = sum(map(len, ended.taken.values()))
            self._tracer.note_pass(
                requests, ended.began, error=error, texts=len(requests), tokens=ended.n_tokens, windows=n_windows
            )

    def _probe(self) -> None:
        """See whether the device works again."""
        try:
            with self.health.watch():
                self.analyzer.engine.probe()
        except Exception as error:
            logger.error("the device still fails: %s", type(error).__name__)  # noqa: TRY400 - as above


class _SharedPass:
    """A pass of the encoder with windows of many texts, all for one analyzer; what fails is raised by `end`."""

    def __init__(self, taken: dict[QueuedText, list[WindowSlice]]) -> None:
        self.taken = taken
        self.is_aside = next(iter(taken)).is_aside
        self.n_tokens = sum(piece.tokens.n_tokens for slices in taken.values() for piece in slices)
        self.started, self.began = time.monotonic(), time.time_ns()
        new = [text for text in taken if not text.encoding.is_begun]
        self.waits_s = [self.started - text.queued_at for text in new]
        for text in new:
            if text.trace:
                text.trace.reach("begun")
        self._engine = next(iter(taken)).analyzer.engine
        self._running: Pass | Exception = self._begin()

    def end(self) -> Iterator[tuple[QueuedText, list[StoryScores]]]:
        """Wait for the encoder; the scores of each text whose last windows these were."""
        if isinstance(self._running, Exception):
            raise self._running
        for (text, slices), sums in zip(self.taken.items(), self._running.end(), strict=True):
            text.encoding.add(slices, sums)
        done = [text for text in self.taken if text.encoding.is_complete and not text.is_over]
        scores = self._engine.score([text.encoding.stories for text in done], [text.encoding.sums() for text in done])
        return zip(done, scores, strict=True)

    def _begin(self) -> Pass | Exception:
        try:
            return self._engine.begin([[piece.tokens for piece in slices] for slices in self.taken.values()])
        except Exception as error:
            return error

"""Another model while requests come in: loaded and tried beside the old one, then put in its place between batches."""

import asyncio
import logging
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.model.errors import BundleError, CopydeskError, StoreError
from copydesk.model.network.device import Device
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.metrics import Metrics

logger = logging.getLogger(__name__)

Load = Callable[[Path, Device, int], Analyzer]  # max_document_tokens
_P = ParamSpec("_P")
_T = TypeVar("_T")
_RELEASE_WAIT_S = 120.0  # twice the time limit of a request: whoever uses an old model longer hangs
# Read whole, so that windows of several lengths warm the kernels; every vocabulary knows some of its words.
_SELF_TEST = "Ministers met on Monday. The talks on steel took three days, and nobody was hurt, the army said.\n" * 8


@dataclass(frozen=True)
class Swapped:
    """Digests of the model that served before and of the one that serves now; the same where nothing was to do."""

    previous: str
    digest: str


class SwapError(Exception):
    """The old model serves on. The message says why, and never holds text."""


class Swapper:
    """Keeps a scheduler on the current version of a store. For the event loop; loads in a thread of its own."""

    def __init__(self, scheduler: Scheduler, store: Store, metrics: Metrics, load: Load = Analyzer.load) -> None:
        self._scheduler = scheduler
        self._store = store
        self._metrics = metrics
        self._load = load
        self._refused: tuple[str, str] | None = None  # the last version that was not taken, and why
        self._old: Callable[[], Analyzer | None] = lambda: None  # the last model that was replaced, while in use
        self._one_at_a_time = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="swap")  # one, because torch keeps memory for each

    async def watch(self, every_s: float) -> None:
        """Follow the store until cancelled. A version that is refused is tried again when it is current anew."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self._follow()
            except SwapError:
                continue  # noted where it arose

    async def reload(self) -> Swapped:
        """Serve the store's current version, also one that was refused before. Raises SwapError."""
        return await self._follow(is_retried=True)

    def close(self) -> None:
        """End its thread, after what it is loading."""
        self._thread.shutdown(cancel_futures=True)

    async def _follow(self, *, is_retried: bool = False) -> Swapped:
        async with self._one_at_a_time:
            previous, digest = self._digest, "of the store"
            try:
                current = await self._in_thread(self._store.current)
                digest = current or previous
                if digest == previous:
                    self._refused = None
                elif is_retried or self._refused is None or self._refused[0] != digest:
                    await self._swap(digest)
            except Exception as error:
                raise self._refuse(digest, error, is_noted=is_retried) from error
            return Swapped(previous, self._digest)

    async def _swap(self, digest: str) -> None:
        await self._until_released()
        started = time.monotonic()
        new = await self._in_thread(self._prepare, digest)
        self._old = weakref.ref(self._scheduler.analyzer)
        self._scheduler.analyzer = new
        self._refused = None
        self._metrics.note_model(new.bundle)
        self._metrics.note_swap("swapped")
        fields = {"name": new.bundle.name, "digest": digest, "seconds": round(time.monotonic() - started, 2)}
        logger.info("another model serves", extra={"fields": fields})

    def _prepare(self, digest: str) -> Analyzer:
        """The version, loaded, found to give finite scores, and warm."""
        serving = self._scheduler.analyzer
        analyzer = self._load(self._store.path(digest), serving.device, serving.max_document_tokens)
        if analyzer.bundle.digest != digest:
            raise BundleError(f"{self._store.path(digest)}: holds bundle {analyzer.bundle.digest[:12]}; add it again")
        analyzer.engine.probe()
        analyzer.analyze(Document(_SELF_TEST), Options("whole"))  # raises for a score that is not finite
        return analyzer

    async def _until_released(self) -> None:
        """Wait for the requests that still use the model before, so that there are never more than two in memory."""
        deadline = time.monotonic() + _RELEASE_WAIT_S
        while self._old() is not None:
            if time.monotonic() > deadline:
                raise StoreError("the model that was replaced last is still in use; restart the service")
            await asyncio.sleep(0.05)

    def _refuse(self, digest: str, error: Exception, *, is_noted: bool) -> SwapError:
        """Note the refusal, once for each cause unless somebody asked, and give it as an error."""
        reason = str(error) if isinstance(error, CopydeskError) else type(error).__name__  # others may hold anything
        if is_noted or self._refused != (digest, reason):
            self._metrics.note_swap("refused")
            fields = {"digest": digest, "reason": reason, "serving": self._digest}
            logger.error("a version was refused, the old model serves", extra={"fields": fields})
        self._refused = (digest, reason)
        return SwapError(f"version {digest[:12]} was refused: {reason}; {self._digest[:12]} serves on")

    @property
    def _digest(self) -> str:
        return self._scheduler.analyzer.bundle.digest

    async def _in_thread(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.wrap_future(self._thread.submit(function, *args, **kwargs))

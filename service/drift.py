"""Whether texts drift away from those that the model was measured on: watched while they are answered.

Each window of texts becomes sums without text, which are compared with the model's reference, and kept where a folder
says so.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import Analysis, Document, Options, Result
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.drift.changes import Change, find_changes
from copydesk.model.drift.columns import Floats, columns_of
from copydesk.model.drift.reference import WINDOW, Reference
from copydesk.model.drift.sums import Sums, sum_vectors
from copydesk.model.drift.windows import Window, keep_window
from copydesk.model.errors import BundleError
from copydesk.service.metrics import Metrics

logger = logging.getLogger(__name__)

_SHARE = 0.01  # of the event loop's time that counting may take; a text takes 50 microseconds of it
_SAVED_S = 0.05  # that a quiet time leaves for later: a thousand texts
_N_WINDOWS = 12  # that are remembered


class Allowance:
    """A share of the time that passes, to be spent; a little can be saved."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._left_s, self._at = _SAVED_S, clock()

    @property
    def is_left(self) -> bool:
        """There is some to spend."""
        now = self._clock()
        self._left_s = min(_SAVED_S, self._left_s + _SHARE * (now - self._at))
        self._at = now
        return self._left_s > 0

    def spend(self) -> None:
        """What was done since `is_left` was asked has cost its time."""
        self._left_s -= self._clock() - self._at


class OpenWindow:
    """The window that texts are counted into, until it is full: the sum of their rows, and each one's vector."""

    def __init__(self, bundle: Bundle, reference: Reference | None) -> None:
        self.bundle, self.reference = bundle, reference
        self._columns = columns_of(bundle.labels)
        self._start = time.time()
        self._totals: Floats = np.zeros(self._columns.n)
        self._vectors: list[NDArray[np.float32]] = []

    @property
    def n(self) -> int:
        """Texts that it holds."""
        return len(self._vectors)

    @property
    def is_full(self) -> bool:
        """It holds as many as the reference's limits are for."""
        return self.n >= (self.reference.window if self.reference else WINDOW)

    def add(self, analysis: Analysis) -> None:
        """Count this text."""
        self._totals += self._columns.count(analysis)
        self._vectors.append(np.array(analysis.story.vector, np.float32))

    def close(self) -> Window:
        """Its sums."""
        return Window(self._start, time.time(), sum_vectors(self.bundle.labels, self._totals, self._vectors))


class DriftWatch:
    """Counts what is answered. For the event loop; windows are closed on other threads.

    current: the bundle that serves; find: its reference, if there is one; folder: where windows are kept, if anywhere.
    """

    def __init__(
        self,
        current: Callable[[], Bundle],
        find: Callable[[Bundle], Reference | None],
        folder: Path | None,
        metrics: Metrics,
    ) -> None:
        self._current, self._find, self._folder, self._metrics = current, find, folder, metrics
        self._allowance = Allowance()
        self._closing: set[asyncio.Task[None]] = set()
        self._open: OpenWindow = self._begin(current())

    @property
    def reference(self) -> Reference | None:
        """What the windows are compared with."""
        return self._open.reference

    @property
    def n_open(self) -> int:
        """Texts in the window that is not full yet."""
        return self._open.n

    def note(self, documents: Sequence[Document], results: Sequence[Result], options: Options, bundle: Bundle) -> None:
        """These were answered by this bundle's model. Texts beyond a hundredth of the time are passed over."""
        current = self._current()
        if self._open.bundle.digest != current.digest:
            self._retire(self._open)
            self._open = self._begin(current)
        if bundle.digest != current.digest:
            return
        for result in results:
            if isinstance(result, Analysis) and self._allowance.is_left:
                self._open.add(result)
                self._allowance.spend()
                if self._open.is_full:
                    self._retire(self._open)
                    self._open = OpenWindow(current, self.reference)

    async def close(self) -> None:
        """Wait for the windows that are being closed, and keep what the open one holds."""
        self._retire(self._open)
        await asyncio.gather(*self._closing)

    def _begin(self, bundle: Bundle) -> OpenWindow:
        """The first window of another model; what was seen of the one before is forgotten."""
        self.windows: deque[Sums] = deque(maxlen=_N_WINDOWS)
        self.changes: Sequence[Change] = ()  # over the windows so far, the largest first
        self._metrics.note_drift(())
        return OpenWindow(bundle, self._look_up(bundle))

    def _look_up(self, bundle: Bundle) -> Reference | None:
        try:
            return self._find(bundle)
        except BundleError as error:
            logger.warning("drift is not watched", extra={"fields": {"reason": str(error)}})
            return None

    def _retire(self, window: OpenWindow) -> None:
        if window.n:
            task = asyncio.get_running_loop().create_task(self._close(window))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close(self, window: OpenWindow) -> None:
        closed = await asyncio.to_thread(self._keep, window)
        if not window.is_full or window.bundle.digest != self._open.bundle.digest:
            return
        self.windows.append(closed.sums)
        if window.reference:
            self.changes = await asyncio.to_thread(find_changes, list(self.windows), window.reference)
        self._metrics.note_drift(self.changes)

    def _keep(self, window: OpenWindow) -> Window:
        closed = window.close()
        if self._folder is not None:
            try:
                keep_window(self._folder, window.bundle, closed)
            except OSError as error:
                fields = {"folder": str(self._folder), "reason": error.strerror}
                logger.warning("a window of drift was not kept", extra={"fields": fields})
        return closed

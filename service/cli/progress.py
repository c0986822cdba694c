"""How far a bulk job is: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from copydesk.service.bulk.records import Counts

_LINE_EVERY_S = 30.0
_BAR_EVERY_S = 0.2


class JobProgress:
    """Shows what a job has done, with what an earlier run of it has kept; rates are of this run alone.

    n_bytes: the size of its source, where the remaining time can be told from it. n_kept: rows of earlier runs.
    """

    def __init__(
        self, console: Console, n_bytes: int | None, n_kept: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.counts = Counts()  # of this run
        self._console = console
        self._n_bytes = n_bytes
        self._n_kept = n_kept
        self._clock = clock
        self._start = self._shown = clock()
        self._first_byte: int | None = None
        self._bar = Progress(BarColumn(), TextColumn("{task.description}", markup=False), console=console)
        self._task = self._bar.add_task("", total=n_bytes)

    @property
    def seconds(self) -> float:
        """Since the work began, never 0."""
        return max(self._clock() - self._start, 1e-3)

    def add(self, counts: Counts, bytes_read: int) -> None:
        """Count these rows; `bytes_read` is how far the reader of the source is.

        Counts of no row say that the reader has passed over what is kept: the work begins now.
        """
        if not counts.rows:
            self._start, self._first_byte = self._clock(), bytes_read
            return
        self.counts.add(counts)
        if self._first_byte is None:
            self._first_byte = bytes_read
        if self._clock() - self._shown < (_BAR_EVERY_S if self._console.is_terminal else _LINE_EVERY_S):
            return
        self._shown = self._clock()
        if self._console.is_terminal:
            self._bar.update(self._task, completed=bytes_read, description=self.describe(bytes_read))
        else:
            self._console.print(self.describe(bytes_read), soft_wrap=True)

    def describe(self, bytes_read: int) -> str:
        """Rows, rates and the remaining time."""
        seconds = self.seconds
        rows, tokens = self.counts.rows, self.counts.tokens
        text = f"{self._n_kept + rows:,} rows, {rows / seconds:,.1f} articles/s, {tokens / seconds:,.0f} tokens/s"
        ahead = bytes_read - (self._first_byte or 0)
        if not self._n_bytes or ahead <= 0:
            return text
        left = seconds * (self._n_bytes - bytes_read) / ahead
        return f"{text}, {bytes_read / self._n_bytes:.0%}, {_clock_time(left)} left"

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._bar.stop()


def summarise_job(total: Counts, progress: JobProgress, target: str) -> str:
    """What a job has done: all its rows, labels and errors, and the time and rate of this run."""
    labels = ", ".join(f"{label} {n:,}" for label, n in total.labels.most_common()) or "none"
    run = progress.counts
    lines = [f"{total.rows:,} rows, {total.failed:,} failed, {total.tokens:,} tokens -> {target}", f"labels: {labels}"]
    if total.failed and target != "-":
        lines.append(f"errors: {target}.errors.jsonl")
    rates = f"{run.rows / progress.seconds:,.1f} articles/s, {run.tokens / progress.seconds:,.0f} tokens/s"
    return "\n".join([*lines, f"this run: {run.rows:,} rows in {_clock_time(progress.seconds)}, {rates}"])


def _clock_time(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{second:02d}"

"""A progress bar for work that is usually over before one is wanted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Begin = Callable[[int], Callable[[], None]]  # the number of steps in, what to call after each out


@contextmanager
def late_progress(name: str, delay_s: float = 2.0) -> Iterator[Begin]:
    """A bar on standard error that appears `delay_s` after the work began, and goes when it ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)

    def begin(n_steps: int) -> Callable[[], None]:
        task, start = progress.add_task(name, total=n_steps), monotonic()

        def step() -> None:
            progress.advance(task)
            if not progress.live.is_started and monotonic() - start > delay_s:
                progress.start()

        return step

    try:
        yield begin
    finally:
        progress.stop()

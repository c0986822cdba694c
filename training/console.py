"""The one place that prints: results on standard output, everything else on standard error."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.segment import Segment
from rich.text import Text

from copydesk.model.files.json import Json

_BAR_AFTER_S = 2.0  # most work is over before a bar is wanted
_LINE_EVERY_S = 30.0  # where no terminal shows a bar
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # steer a terminal, or fit no encoding

Item = TypeVar("Item")
Update = Callable[[int, int, str], None]  # steps done, steps in all, what else there is to tell


class Progress:
    """What work tells of itself as it goes: sentences and steps. This one keeps them to itself."""

    def say(self, *texts: str) -> None:
        """Take sentences for a person."""

    def task(self, name: str, unit: str) -> AbstractContextManager[Update]:
        """Give what a task tells its steps by, first of all those that were done before; counted in `unit`."""
        return nullcontext(lambda done, total, note: None)

    def track(self, items: Iterable[Item], total: int, name: str, unit: str) -> Iterator[Item]:
        """The items of a task; each is a step."""
        with self.task(name, unit) as update:
            update(0, total, "")
            for done, item in enumerate(items, 1):
                yield item
                update(done, total, "")


SILENT = Progress()


class Screen(Progress):
    """Shows what it is told: a bar on a terminal, a line from time to time elsewhere."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._results = Console(markup=False, highlight=False, emoji=False)
        self._messages = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._clock = clock

    def say(self, *texts: str, style: str = "") -> None:
        """Print messages, a line each; only a terminal wraps one, so that a path in it stays whole."""
        for text in texts:
            self._messages.print(_Harmless(text), style=style, soft_wrap=True)

    def complain(self, text: str) -> None:
        """Print that something is wrong."""
        self.say(text, style="red")

    def show(self, *results: RenderableType) -> None:
        """Print tables and sentences that were asked for."""
        for result in results:
            self._results.print(_Harmless(result), soft_wrap=isinstance(result, str | Text))

    def show_json(self, value: Json) -> None:
        """Print a value for a program."""
        print(json.dumps(value, indent=2, ensure_ascii=False))

    def task(self, name: str, unit: str) -> AbstractContextManager[Update]:
        """Show steps, rate and remaining time until the task ends."""
        pace = _Pace(unit, self._clock)
        return self._bar(name, pace) if self._messages.is_terminal else nullcontext(self._line(name, pace))

    @contextmanager
    def _bar(self, name: str, pace: "_Pace") -> Iterator[Update]:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
        with_bar = Bar(*columns, console=self._messages, transient=True)
        row = with_bar.add_task(name, text="")

        def update(done: int, total: int, note: str) -> None:
            with_bar.update(row, completed=done, total=total, text=pace.describe(done, total, note))
            if pace.seconds > _BAR_AFTER_S:
                with_bar.start()

        try:
            yield update
        finally:
            with_bar.stop()

    def _line(self, name: str, pace: "_Pace") -> Update:
        shown = self._clock()

        def update(done: int, total: int, note: str) -> None:
            nonlocal shown
            text = pace.describe(done, total, note)
            if self._clock() - shown >= _LINE_EVERY_S:
                shown = self._clock()
                self.say(f"{name}: {text}")

        return update


class _Harmless:
    """What is printed, without the characters of somebody's labels and file names that would steer the terminal."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._content, options):
            yield segment if segment.control else Segment(_CONTROLS.sub("\ufffd", segment.text), segment.style)


class _Pace:
    """How fast a task is, counted from the first steps that it told."""

    def __init__(self, unit: str, clock: Callable[[], float]) -> None:
        self._unit = unit
        self._clock = clock
        self._start = clock()
        self._before: int | None = None

    @property
    def seconds(self) -> float:
        """Since the task began."""
        return self._clock() - self._start

    def describe(self, done: int, total: int, note: str) -> str:
        """Such as "40 of 1,200 steps, 3.2/s, 0:06:02 left, loss 0.31"."""
        self._before = done if self._before is None else self._before
        text, seconds = f"{done:,} of {total:,} {self._unit}", self.seconds
        if done > self._before and seconds > 0:
            rate = (done - self._before) / seconds
            minutes, second = divmod(round((total - done) / rate), 60)
            text += f", {rate:.3g}/s, {minutes // 60}:{minutes % 60:02d}:{second:02d} left"
        return f"{text}, {note}" if note else text

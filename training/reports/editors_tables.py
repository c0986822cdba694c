"""The check of articles that editors have read, as short tables for a terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from copydesk.training.data.editors import EditedStory, ReadEditors
from copydesk.training.metrics.credit import CREDIT, FIGURES, judge_editors
from copydesk.training.reports.tables import make_table

_N_FAULTS = 10
_MARKS = ("key", "also", "furniture", "dangling")


def editors_tables(name: str, read: ReadEditors) -> Iterator[RenderableType]:
    """Faults first, then what the editors marked, how far they agree, and whether the file can be used."""
    yield from (Text(fault, style="red") for fault in read.faults[:_N_FAULTS])
    if len(read.faults) > _N_FAULTS:
        yield Text(f"and {len(read.faults) - _N_FAULTS} more", style="dim")
    if read.stories:
        yield from _marks(name, read.stories)
        yield from _agreement(read.stories)
    yield _verdict(read)


def _marks(name: str, stories: Sequence[EditedStory]) -> Iterator[RenderableType]:
    n_sentences = sum(len(story.spans) for story in stories)
    n_read = sum(len(story.spans) * len(story.choices) for story in stories)
    choices = [choice for story in stories for choice in story.choices]
    title = f"{Path(name).name}: {_articles(len(stories))} of {n_sentences:,} sentences, {len(choices):,} annotations"
    table = make_table(title, "sentences", "per annotation", "share")
    for mark in _MARKS:
        n_marked = sum(len(getattr(choice, mark)) for choice in choices)
        table.add_row(mark, f"{n_marked / len(choices):.2f}", f"{n_marked / n_read:.1%}")
    yield table


def _agreement(stories: Sequence[EditedStory]) -> Iterator[RenderableType]:
    counts = sorted(Counter(len(story.choices) for story in stories).items())
    yield Text.assemble(("editors per article: ", "bold"), ", ".join(f"{n}: {count:,}" for n, count in counts))
    shared = [judge_editors(story.choices) for story in stories if len(story.choices) > 1]
    if shared:
        credit = np.mean(shared, axis=0)[FIGURES.index(CREDIT)]
        yield Text.assemble(("each editor's key, judged by the others: ", "bold"), f"credit {credit:.3f}")


def _verdict(read: ReadEditors) -> Text:
    n, usable = len(read.faults), _articles(len(read.stories))
    if not n:
        return Text(f"usable: {usable}, no fault", style="bold green")
    return Text(f"{n} fault{'s' if n > 1 else ''}: correct the file; {usable} would remain", style="bold red")


def _articles(n: int) -> str:
    return "1 article" if n == 1 else f"{n:,} articles"

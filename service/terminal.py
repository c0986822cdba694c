"""An analysis for a person at a terminal: tags as bars, the summary highlighted in the text."""

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from model.analysis import Analysis, StoryAnalysis, Tag

_BAR_WIDTH = 24


def show(console: Console, analysis: Analysis, text: str, name: str) -> None:
    """Print the analysis of `text`, which came from `name`."""
    coverage = analysis.coverage
    console.print(Rule(Text(f"{name}  {coverage.tokens} tokens, {coverage.windows} windows, all read"), style="dim"))
    for story in (analysis.story, *analysis.other_stories):
        console.print(Padding(_story(story, text), (1, 0)))


def _story(story: StoryAnalysis, text: str) -> RenderableType:
    title = [Text(story.title, style="bold underline")] if story.title else []
    return Group(*title, _tags(story.tags), Text(), _highlighted(story, text))


def _tags(tags: tuple[Tag, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    for tag in tags:
        style = "bold green" if tag.assigned else "dim"
        table.add_row(Text(tag.label, style=style), _bar(tag, style), Text(f"{tag.score:.2f}", style=style))
    return table


def _bar(tag: Tag, style: str) -> Text:
    """The score as a bar, with a mark at the threshold."""
    filled, mark = round(tag.score * _BAR_WIDTH), min(round(tag.threshold * _BAR_WIDTH), _BAR_WIDTH - 1)
    cells = ["█" if i < filled else "░" for i in range(_BAR_WIDTH)]
    cells[mark] = "┃" if mark < filled else "│"
    return Text("".join(cells), style=style)


def _highlighted(story: StoryAnalysis, text: str) -> Text:
    body = Text(text[story.start : story.end])
    for sentence in story.summary.sentences:
        body.stylize("black on yellow", sentence.start - story.start, sentence.end - story.start)
    return body

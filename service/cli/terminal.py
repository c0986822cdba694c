"""An analysis for a person at a terminal: per story its tags as bars and its text with the summary highlighted, then
what stands around the stories."""

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from copydesk.model.analysis import Analysis, StoryAnalysis, Tag

_BAR_WIDTH = 24
_KIND_WIDTH = 10  # of "navigation"


def show(console: Console, analysis: Analysis, name: str) -> None:
    """Print the analysis of what came from `name`."""
    coverage = analysis.coverage
    stories = (analysis.story, *analysis.other_stories)
    counts = f"{coverage.tokens} tokens, {coverage.windows} windows, all read"
    if len(stories) > 1:
        counts = f"{len(stories)} stories, {counts}"
    console.print(Rule(Text(f"{name}  {counts}"), style="dim"))
    for story in stories:
        console.print(Padding(_story(story, analysis), (1, 0)))
    if analysis.furniture:
        console.print(Rule(Text("set aside"), style="dim"))
        console.print(_furniture(analysis))


def _story(story: StoryAnalysis, analysis: Analysis) -> RenderableType:
    title = [Text(story.title, style="bold underline")] if story.title else []
    return Group(*title, _tags(story.tags), Text(), _highlighted(story, analysis))


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


def _highlighted(story: StoryAnalysis, analysis: Analysis) -> Text:
    """The story under its headline, what is not its body dimmed."""
    start = story.start
    if story.title and analysis.text.startswith(f"{story.title}\n", start):
        start += len(story.title) + 1
    text = Text(analysis.text[start : story.end])
    for part in analysis.furniture:
        if start <= part.start < story.end:
            text.stylize("dim italic", part.start - start, part.end - start)
    for sentence in story.summary.sentences:
        text.stylize("black on yellow", sentence.start - start, sentence.end - start)
    return text


def _furniture(analysis: Analysis) -> Table:
    """A line for each part: its kind, and as much of it as fits."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", min_width=_KIND_WIDTH)
    table.add_column(style="dim italic", no_wrap=True, overflow="ellipsis")
    for part in analysis.furniture:
        table.add_row(part.kind, Text(" ".join(analysis.text[part.start : part.end].split())))
    return table

"""An analysis for a person at a terminal: story by story its tags as bars, its summary and its text, and what stands
around the stories."""

from collections.abc import Collection, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from copydesk.client.answers import Part
from copydesk.model.analysis import Analysis, ScoredSentence, StoryAnalysis, Tag
from copydesk.service.cli.console import printable

TEXT_PARTS: frozenset[Part] = frozenset({"tags", "summary", "text", "furniture"})

_BAR_WIDTH = 24
_MAX_LABEL_WIDTH = 32  # a longer label is folded
_KINDS = {"listing": "a listing of headlines", "live_blog": "a live blog", "not_an_article": "no article"}
_INDENT = (0, 0, 0, 2)


def show(console: Console, analysis: Analysis, name: str, parts: Collection[Part] = TEXT_PARTS) -> None:
    """Print these parts of the analysis of what came from `name`."""
    coverage, stories = analysis.coverage, (analysis.story, *analysis.other_stories)
    counts = f"{coverage.tokens:,} tokens in {_number(coverage.windows, 'window')}, all read"
    if len(stories) > 1:
        counts = f"{len(stories)} stories, {counts}"
    console.print(_text(name, "bold"), _text(counts, "dim"), sep="  ")
    for note in _notes(analysis):
        console.print(_text(note, "dim"))
    console.print(Rule(style="dim"))
    for story in stories:
        console.print(Padding(Group(*_story(story, analysis, parts)), (0, 0, 1, 0)))
    if "furniture" in parts and analysis.furniture:
        console.print(Rule(_text("set aside"), style="dim"))
        console.print(_furniture(analysis))


def _notes(analysis: Analysis) -> Iterator[str]:
    """What the page is, if no article, and what is to be said of its language."""
    if analysis.page.kind in _KINDS:
        yield _KINDS[analysis.page.kind]
    if analysis.language is not None and analysis.language.warning:
        yield f"language {analysis.language.code}: {analysis.language.warning}"


def _story(story: StoryAnalysis, analysis: Analysis, parts: Collection[Part]) -> Iterator[RenderableType]:
    """The blocks of a story, each after an empty line."""
    if story.title:
        yield _text(story.title, "bold underline")
    if "tags" in parts:
        yield from (Text(), _tags(story.tags))
    if "evidence" in parts and (proven := [tag for tag in story.tags if tag.evidence]):
        yield from (Text(), _heading("Evidence"), *map(_evidence, proven))
    if "summary" in parts:
        yield from (Text(), _heading("Summary"), Padding(_summary(story), _INDENT))
    if "sentences" in parts:
        yield from (Text(), _heading("Sentences"), Padding(_sentences(story.sentences), _INDENT))
    if "text" in parts:
        yield from (Text(), _heading("Text"), Padding(_body(story, analysis), _INDENT))


def _tags(tags: Sequence[Tag]) -> Table:
    table = _grid(max_width=_MAX_LABEL_WIDTH, n_rigid=2)
    for tag in tags:
        style = "bold green" if tag.assigned else "dim"
        table.add_row(_text(tag.label, style), _bar(tag, style), Text(f"{tag.score:.2f}", style))
    return table


def _bar(tag: Tag, style: str) -> Text:
    """The score as a bar, with a mark at the threshold."""
    filled, mark = round(tag.score * _BAR_WIDTH), min(round(tag.threshold * _BAR_WIDTH), _BAR_WIDTH - 1)
    cells = ["█" if i < filled else "░" for i in range(_BAR_WIDTH)]
    cells[mark] = "┃" if mark < filled else "│"
    return Text("".join(cells), style)


def _evidence(tag: Tag) -> RenderableType:
    """A label, and what each sentence that speaks for it adds to its logit."""
    table = _grid()
    for sentence in tag.evidence:
        table.add_row(Text(f"{sentence.weight:+.2f}", "dim"), _text(_one_line(sentence.text)))
    return Group(Padding(_text(tag.label, "green"), _INDENT), Padding(table, (0, 0, 0, 4)))


def _summary(story: StoryAnalysis) -> RenderableType:
    """Its sentences as running text, to be read and copied; and why there are fewer than were asked for, if so."""
    note = [_text(story.summary.note, "dim")] if story.summary.note else []
    text = [_text(_one_line(story.summary.text))] if story.summary.text else []
    return Group(*text, *note)


def _sentences(sentences: Sequence[ScoredSentence]) -> Table:
    """Every sentence, with its score and its rank."""
    table = _grid()
    for sentence in sentences:
        table.add_row(
            Text(f"{sentence.score:.2f}", "dim"), Text(f"{sentence.rank}.", "dim"), _text(_one_line(sentence.text))
        )
    return table


def _body(story: StoryAnalysis, analysis: Analysis) -> Text:
    """The story under its headline; what is not its body is dimmed, what is in the summary bold."""
    start = story.start
    if story.title and analysis.text.startswith(f"{story.title}\n", start):
        start += len(story.title) + 1
    text = _text(analysis.text[start : story.end])
    for part in analysis.furniture:
        if start <= part.start < story.end:
            text.stylize("dim italic", part.start - start, part.end - start)
    for sentence in story.summary.sentences:
        text.stylize("bold", sentence.start - start, sentence.end - start)
    return text


def _furniture(analysis: Analysis) -> Table:
    """A row for each part: its kind, and all of it."""
    table = _grid()
    for part in analysis.furniture:
        table.add_row(Text(part.kind, "dim"), _text(_one_line(analysis.text[part.start : part.end]), "italic"))
    return table


def _grid(max_width: int | None = None, n_rigid: int = 0) -> Table:
    """Columns that share the width; the first is at most so wide, and `n_rigid` after it are not wrapped."""
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=max_width)
    for _ in range(n_rigid):
        table.add_column(no_wrap=True)
    return table


def _heading(text: str) -> Text:
    return Text(text, "dim")


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style, overflow="fold")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"

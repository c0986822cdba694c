"""How much of what editors set aside in articles is told from the story: by lines and sentences alone, and in the
answer, where the network has its say."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.bench import Report, find_data
from copydesk.model.analysis import Analysis, Document, Span
from copydesk.model.analyzer import Analyzer
from copydesk.model.files.json import JsonObject
from copydesk.model.page.furniture.asides import find_asides
from copydesk.model.page.reader import read_page

_MOST = 0.5  # share of a sentence that is set aside with its line


@dataclass(frozen=True)
class _Sentence:
    """Whether all of its editors set it aside, or some did, and whether the reader did."""

    is_furniture: bool
    is_doubtful: bool
    is_found: bool


def measure_furniture(report: Report, analyzer: Analyzer, name: str = "editors-dev.jsonl") -> None:
    """Recall and precision of sentences that are furniture to every editor; what they differ on does not count."""
    rows: list[JsonObject] = [json.loads(line) for line in find_data(name).read_text(encoding="utf-8").splitlines()]
    _measure(report, "editors' furniture", zip(rows, map(_read_aside, rows), strict=True))
    analyses = (analyzer.analyze(Document(row["text"], row["title"])) for row in rows)
    _measure(report, "the same in the answer", zip(rows, map(_list_aside, analyses), strict=True))


def _measure(report: Report, what: str, articles: Iterable[tuple[JsonObject, list[Span]]]) -> None:
    sentences = [one for row, aside in articles for one in _judge(row, aside) if not one.is_doubtful]
    found = [sentence.is_furniture for sentence in sentences if sentence.is_found]
    furniture = [sentence.is_found for sentence in sentences if sentence.is_furniture]
    story = [sentence.is_found for sentence in sentences if not sentence.is_furniture]
    report.add(f"{what}: recall", sum(furniture) / len(furniture), at_least=0.75)
    report.add(f"{what}: precision", sum(found) / len(found), at_least=0.9)
    report.add(f"{what}: story sentences kept", 1 - sum(story) / len(story), at_least=0.995)


def _read_aside(row: JsonObject) -> list[Span]:
    """What the page reader sets aside, other stories among it."""
    page = read_page(row["text"], row["title"])
    aside = [Span(part.start, part.end) for part in page.furniture]
    return aside + [span for story in page.stories[1:] for span in story.body]


def _list_aside(analysis: Analysis) -> list[Span]:
    """What the answer lists as furniture, and the sentences of other stories."""
    aside = [Span(part.start, part.end) for part in analysis.furniture]
    return aside + [Span(one.start, one.end) for story in analysis.other_stories for one in story.sentences]


def _judge(row: JsonObject, aside: Sequence[Span]) -> Iterator[_Sentence]:
    text, annotations = row["text"], row["annotations"]
    spans = [Span(*span) for span in row["spans"]]
    votes = Counter(n for reading in annotations for n in set(reading["furniture"]))
    notices = find_asides([text[span.start : span.end] for span in spans])
    for n, (span, is_notice) in enumerate(zip(spans, notices, strict=True), 1):
        width = sum(max(0, min(span.end, part.end) - max(span.start, part.start)) for part in aside)
        is_all = votes[n] == len(annotations)
        yield _Sentence(is_all, votes[n] > 0 and not is_all, is_notice or width > _MOST * (span.end - span.start))

"""How much of what editors set aside in articles is told from the story by its lines and its sentences alone."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.bench import Report, find_data
from copydesk.model.analysis import Span
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


def measure_furniture(report: Report, name: str = "editors-dev.jsonl") -> None:
    """Recall and precision of sentences that are furniture to every editor; what they differ on does not count."""
    rows = map(json.loads, find_data(name).read_text(encoding="utf-8").splitlines())
    sentences = [sentence for row in rows for sentence in _judge(row) if not sentence.is_doubtful]
    found = [sentence.is_furniture for sentence in sentences if sentence.is_found]
    furniture = [sentence.is_found for sentence in sentences if sentence.is_furniture]
    story = [sentence.is_found for sentence in sentences if not sentence.is_furniture]
    report.add("editors' furniture: recall", sum(furniture) / len(furniture))
    report.add("editors' furniture: precision", sum(found) / len(found), at_least=0.9)
    report.add("editors' story sentences kept", 1 - sum(story) / len(story), at_least=0.995)


def _judge(row: JsonObject) -> Iterator[_Sentence]:
    text, annotations = row["text"], row["annotations"]
    spans = [Span(*span) for span in row["spans"]]
    votes = Counter(n for reading in annotations for n in set(reading["furniture"]))
    page = read_page(text, row["title"])
    aside = [Span(part.start, part.end) for part in page.furniture]
    aside += [span for story in page.stories[1:] for span in story.body]
    notices = find_asides([text[span.start : span.end] for span in spans])
    for n, (span, is_notice) in enumerate(zip(spans, notices, strict=True), 1):
        width = sum(max(0, min(span.end, part.end) - max(span.start, part.start)) for part in aside)
        is_all = votes[n] == len(annotations)
        yield _Sentence(is_all, votes[n] > 0 and not is_all, is_notice or width > _MOST * (span.end - span.start))

"""How well the stories of pages in many house styles are told apart, and how well the main one is read beside others.

The stories are real ones that nothing was learned from, the styles such as no page was learned from.
"""

import gzip
import json
from collections.abc import Sequence
from statistics import mean

from benchmarks.bench import Bench, Report, find_data
from benchmarks.quality.house_styles import STYLES, Row, StyledPage, compose_styled, paragraphs_of
from copydesk.model.analysis import Analysis, Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.page.reader import read_page

_N_PAGES = 40  # in each style
_N_TAGGED = 12
_LENGTHS = range(1500, 6000)  # characters of an article
_MIN_LEAD = 80  # characters of its first paragraph: no byline


def measure_styles(report: Report, bench: Bench, analyzer: Analyzer) -> None:
    """A row per style: how well story starts are found, and main stories with the tags that they have alone."""
    articles = read_pool(bench.pick(2500, 200))
    report.start_table("house styles: story starts", "precision", "recall", "F1", "tags as alone")
    rows = []
    for style in STYLES:
        pages = compose_styled(style, articles, bench.pick(_N_PAGES, 2), seed=1)
        same = mean(_has_tags_of_its_own(page, analyzer) for page in pages[: bench.pick(_N_TAGGED, 1)])
        rows.append((*_score_starts(pages), same))
        report.add_row(style, *rows[-1])
    report.add("house styles, story starts: mean F1", mean(row[2] for row in rows), at_least=0.9)
    report.add("house styles, story starts: least F1", min(row[2] for row in rows), at_least=0.75)
    report.add("house styles, tags as alone", mean(row[3] for row in rows), at_least=0.93)


def read_pool(n: int) -> list[Row]:
    """Articles that nothing was learned from, of a usual length and with a first paragraph that tells something."""
    with gzip.open(find_data("pool.jsonl.gz"), "rt", encoding="utf-8") as file:
        rows: list[Row] = [json.loads(line) for line in file]
    return [row for row in rows if row["title"] and len(row["text"]) in _LENGTHS and _has_lead(row)][:n]


def _has_lead(row: Row) -> bool:
    return len(paragraphs_of(row, 1)[0]) >= _MIN_LEAD


def _score_starts(pages: Sequence[StyledPage]) -> tuple[float, float, float]:
    """Precision, recall and F1 of where stories start."""
    n_hits = n_found = n_wanted = 0
    for page in pages:
        found = [story.span.start for story in read_page(page.text).stories]
        n_hits += sum(any(start <= at < end for at in found) for start, end in page.starts)
        n_found += len(found)
        n_wanted += len(page.starts)
    return n_hits / n_found, n_hits / n_wanted, 2 * n_hits / (n_found + n_wanted)


def _has_tags_of_its_own(page: StyledPage, analyzer: Analyzer) -> bool:
    return _tags(analyzer.analyze(page.text)) == _tags(analyzer.analyze(Document(page.main, page.title)))


def _tags(analysis: Analysis) -> set[str]:
    return {tag.label for tag in analysis.story.tags if tag.assigned}

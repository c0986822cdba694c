"""How well the reader does on real scraped pages that it has not learned from: what ships has learned from all of them.

The pages are parted in five; for each part a classifier learns from the others, as what ships did, and reads that part.
"""

import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import Bench, Report, find_data
from benchmarks.quality.composed_pages import Row
from benchmarks.quality.pages import from_html, main_story, score
from copydesk.model.page.roles import classifier
from copydesk.training.line_roles.learning import Sources, is_left_out, learn
from support.tiny import ROOT

_N_COMPOSED = 1500  # what ships has learned from 4,500
_ARTICLES = ("topics-train.jsonl.gz", "topics-train-2.jsonl.gz")


def main(bench: Bench) -> Report:
    """F1 from the visible text and from HTML, every page read by a classifier that has not seen it."""
    with gzip.open(find_data("pages-dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        pages: list[Row] = [json.loads(line) for line in file]
    texts, sources = list[tuple[str, str]](), list[tuple[str, str]]()
    for fold in range(bench.pick(5, 1)):
        source = leave_out(fold)
        with reading_with(source, bench.pick(_N_COMPOSED, 20)):
            left_out = [page for at, page in enumerate(pages) if is_left_out(at, source)]
            texts += [(main_story(page["page_text"]), page["body"]) for page in left_out]
            sources += [(from_html(page), page["body"]) for page in left_out]
    report = Report()
    report.add("page text, left-out pages: F1", _f1(texts), at_least=0.945)
    report.add("html, left-out pages: F1", _f1(sources), at_least=0.97)
    return report


def leave_out(fold: int) -> Sources:
    """What shipped has learned from, but for a part of the scraped pages."""
    return Sources(
        corpus=ROOT / "training" / "corpus",
        articles=[str(find_data(name)) for name in _ARTICLES],
        scraped=[str(find_data("pages-dev.jsonl.gz"))],
        edited=[str(find_data("editors-train.jsonl.gz"))],
        fold=fold,
    )


@contextmanager
def reading_with(sources: Sources, n_pages: int) -> Iterator[None]:
    """Read pages with what was learned from these."""
    shipped = classifier.CLASSIFIER
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roles.json"
        classifier.save_classifier(learn(sources, n_pages, seed=1), path)
        classifier.CLASSIFIER = path
        classifier.load_classifier.cache_clear()
        try:
            yield
        finally:
            classifier.CLASSIFIER = shipped
            classifier.load_classifier.cache_clear()


def _f1(pairs: list[tuple[str, str]]) -> float:
    precision, recall = score(pairs)
    return 2 * precision * recall / (precision + recall)

"""How well stories are told from what stands around them.

The measure is the article-extraction-benchmark's (Scrapinghub 2019): 4-gram shingles of words, precision and recall
averaged over the pages, F1 of the two averages. Pages composed of real articles (composed_pages.py) show how many
have all their stories, and the F1 of characters of the main story and of the others; pages in many house styles
(styled_pages.py), where stories are found to start; articles with their furniture marked (editors_furniture.py), how
much of it is told from the story.
"""

import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from statistics import mean

import trafilatura

from benchmarks.bench import Bench, Report, find_data, read_articles
from benchmarks.quality.composed_pages import Row, compose_pages
from benchmarks.quality.editors_furniture import measure_furniture
from benchmarks.quality.styled_pages import measure_styles
from copydesk.model.analysis import Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import DocumentError
from copydesk.model.page.html.pool import read_html
from copydesk.model.page.reader import Story, read_page

_WORD = re.compile(r"\w+")
_LONG_LINE = 100
_N_COMPOSED = 300
_N_TIMED = 100
_MIN_ARTICLE = 600  # characters of an article on a composed page


def main(bench: Bench) -> Report:
    """A row per reader of scraped pages, then composed pages and plain articles."""
    with gzip.open(find_data("pages-dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        pages: list[Row] = [json.loads(line) for line in file][: bench.pick(None, 9)]
    articles = read_articles()
    texts = [article["text"] for article in articles]
    report = Report()
    report.start_table("scraped pages", "precision", "recall", "F1", "ms/page")
    for name, extract in _EXTRACTORS.items():
        start = time.perf_counter()
        found = [extract(page) for page in pages]
        ms = 1e3 * (time.perf_counter() - start) / len(pages)
        precision, recall = score(zip(found, (page["body"] for page in pages), strict=True))
        report.add_row(name, precision, recall, 2 * precision * recall / (precision + recall), ms)
    _measure_composed(report, articles, bench.pick(_N_COMPOSED, 10))
    analyzer = Analyzer.load(bench.bundle, "cpu")
    measure_styles(report, bench, analyzer)
    measure_furniture(report, analyzer)
    _measure_plain(report, texts)
    _measure_cost(report, analyzer, texts[: bench.pick(_N_TIMED, 10)])
    return report


def score(pairs: Iterable[tuple[str, str]]) -> tuple[float, float]:
    """Mean precision and mean recall of texts against what they should be."""
    precisions, recalls = [], []
    for text, truth in pairs:
        found, wanted = _shingles(text), _shingles(truth)
        hits = (found & wanted).total()
        if found:
            precisions.append(hits / found.total())
        if wanted:
            recalls.append(hits / wanted.total())
    return mean(precisions), mean(recalls)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)) if words)


def main_story(text: str, headlines: Sequence[int] | None = None) -> str:
    """The body of the main story."""
    return "\n".join(text[start:end] for start, end in read_page(text, headlines=headlines).stories[0].body)


def from_html(page: Row) -> str:
    """The body of the main story of a page's source."""
    try:
        markup = read_html(page["html"])
        return main_story(markup.text, markup.headlines)
    except DocumentError:
        return ""


def _long_lines(page: Row) -> str:
    return "\n".join(line for line in page["page_text"].split("\n") if len(line) >= _LONG_LINE)


_EXTRACTORS: dict[str, Callable[[Row], str]] = {
    "page text, untouched": lambda page: str(page["page_text"]),
    f"page text, lines of >= {_LONG_LINE}": _long_lines,
    "page text, ours": lambda page: main_story(page["page_text"]),
    "html, ours": from_html,
    "html, trafilatura alone": lambda page: trafilatura.extract(page["html"], include_comments=False) or "",
}


def _measure_composed(report: Report, articles: list[Row], n_pages: int) -> None:
    """How well pages of several stories are told apart."""
    usable = [article for article in articles if article["title"] and len(article["text"]) >= _MIN_ARTICLE]
    n_right, mains, others = 0, list[float](), list[float]()
    for page in compose_pages(usable, n_pages, seed=1):
        found = [_offsets(page.text, story) for story in read_page(page.text).stories]
        n_right += len(found) == len(page.stories)
        mains.append(_overlap(found[0], page.stories[0]))
        others += [max((_overlap(one, story) for one in found[1:]), default=0.0) for story in page.stories[1:]]
    report.add("composed, stories all found", n_right / n_pages)
    report.add("composed, main story: F1", mean(mains))
    report.add("composed, other stories: F1", mean(others))


def _offsets(text: str, story: Story) -> set[int]:
    return {i for start, end in story.body for i in range(start, end) if not text[i].isspace()}


def _overlap(found: AbstractSet[int], wanted: AbstractSet[int]) -> float:
    """F1 of characters."""
    return 2 * len(found & wanted) / (len(found) + len(wanted))


def _measure_plain(report: Report, texts: list[str]) -> None:
    """How much of plain articles does not stay in the main story."""
    kept = sum(_n_characters(main_story(text)) for text in texts)
    report.add("plain articles, characters lost", 100 * (1 - kept / sum(map(_n_characters, texts))), "%")


def _measure_cost(report: Report, analyzer: Analyzer, texts: list[str]) -> None:
    """What part of an article's processor time the reading of its page takes, all of it on the CPU."""
    list(analyzer.analyze_many(map(Document, texts[:32])))  # warm-up
    reading, whole = 0.0, 0.0
    for text in texts:
        start = time.process_time()
        read_page(text)
        middle = time.process_time()
        analyzer.analyze(text)
        reading, whole = reading + middle - start, whole + time.process_time() - middle
    report.add("plain articles, share of time", 100 * reading / whole, "%")
    report.add("plain articles, reading a page", 1e3 * reading / len(texts), "ms")


def _n_characters(text: str) -> int:
    return len("".join(text.split()))

"""How well stories are told from what stands around them: `PYTHONPATH=.:tests python -m benchmarks.quality.pages`.

The measure is the article-extraction-benchmark's (Scrapinghub 2019): 4-gram shingles of words, precision and recall
averaged over the pages, F1 of the two averages. Pages composed of real articles (composed_pages.py) show how many
have all their stories, and the F1 of characters of the main story and of the others. The data is read from
`../shared/data` beside the repository, or from `$COPYDESK_SHARED/data`; without it nothing is measured.
"""

import gzip
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from statistics import mean

import trafilatura

from benchmarks.quality.composed_pages import Row, compose_pages
from copydesk.model.analysis import Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import DocumentError
from copydesk.model.page.html.pool import read_html
from copydesk.model.page.reader import Story, read_page

SHARED = Path(os.environ.get("COPYDESK_SHARED", Path(__file__).parents[4] / "shared")) / "data"
_WORD = re.compile(r"\w+")
_LONG_LINE = 100
_N_COMPOSED = 300
_N_TIMED = 100
_MIN_ARTICLE = 600  # characters of an article on a composed page


def main() -> None:
    """Prints the table."""
    if not (SHARED / "pages-dev.jsonl.gz").exists():
        print(f"{SHARED}: no pages to measure on; skipped")
        return
    with gzip.open(SHARED / "pages-dev.jsonl.gz", "rt", encoding="utf-8") as file:
        pages: list[Row] = [json.loads(line) for line in file]
    with (SHARED / "topics-dev.jsonl").open(encoding="utf-8") as file:
        articles: list[Row] = [json.loads(line) for line in file]
    print(f"{'':34}precision  recall     F1   ms/page")
    for name, extract in _EXTRACTORS.items():
        start = time.perf_counter()
        texts = [extract(page) for page in pages]
        ms = 1e3 * (time.perf_counter() - start) / len(pages)
        precision, recall = score(zip(texts, (page["body"] for page in pages), strict=True))
        f1 = 2 * precision * recall / (precision + recall)
        print(f"{name:34}{precision:9.3f}{recall:8.3f}{f1:7.3f}{ms:10.1f}")
    _measure_composed(articles)
    _measure_plain([article["text"] for article in articles])
    _measure_cost([article["text"] for article in articles])


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


def main_story(text: str, headlines: Sequence[int] = ()) -> str:
    """The body of the main story."""
    return "\n".join(text[start:end] for start, end in read_page(text, headlines=headlines).stories[0].body)


def _from_html(page: Row) -> str:
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
    "html, ours": _from_html,
    "html, trafilatura alone": lambda page: trafilatura.extract(page["html"], include_comments=False) or "",
}


def _measure_composed(articles: list[Row]) -> None:
    """Prints how well pages of several stories are told apart."""
    usable = [article for article in articles if article["title"] and len(article["text"]) >= _MIN_ARTICLE]
    n_right, mains, others = 0, list[float](), list[float]()
    for page in compose_pages(usable, _N_COMPOSED, seed=1):
        found = [_offsets(page.text, story) for story in read_page(page.text).stories]
        n_right += len(found) == len(page.stories)
        mains.append(_overlap(found[0], page.stories[0]))
        others += [max((_overlap(one, story) for one in found[1:]), default=0.0) for story in page.stories[1:]]
    print(f"{'composed, stories all found':34}{'':17}{n_right / _N_COMPOSED:7.3f}")
    print(f"{'composed, main story':34}{'':17}{mean(mains):7.3f}")
    print(f"{'composed, other stories':34}{'':17}{mean(others):7.3f}")


def _offsets(text: str, story: Story) -> set[int]:
    return {i for start, end in story.body for i in range(start, end) if not text[i].isspace()}


def _overlap(found: AbstractSet[int], wanted: AbstractSet[int]) -> float:
    """F1 of characters."""
    return 2 * len(found & wanted) / (len(found) + len(wanted))


def _measure_plain(texts: list[str]) -> None:
    """Prints how much of plain articles stays in the main story."""
    kept = sum(_n_characters(main_story(text)) for text in texts)
    share = kept / sum(map(_n_characters, texts))
    print(f"{'plain articles, characters kept':34}{'':8}{share:9.4f}")


def _measure_cost(texts: list[str]) -> None:
    """Prints what part of an article's processor time the reading of its page takes, all of it on the CPU."""
    analyzer = Analyzer.load(device="cpu")
    list(analyzer.analyze_many(map(Document, texts[:32])))  # warm-up
    reading, whole = 0.0, 0.0
    for text in texts[:_N_TIMED]:
        start = time.process_time()
        read_page(text)
        middle = time.process_time()
        analyzer.analyze(text)
        reading, whole = reading + middle - start, whole + time.process_time() - middle
    ms = 1e3 * reading / len(texts[:_N_TIMED])
    print(f"{'plain articles, share of time':34}{'':17}{reading / whole:7.3f}{ms:10.1f}")


def _n_characters(text: str) -> int:
    return len("".join(text.split()))


if __name__ == "__main__":
    main()

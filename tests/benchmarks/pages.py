"""How well stories are told from what stands around them: `python -m tests.benchmarks.pages`.

The measure is the article-extraction-benchmark's (Scrapinghub 2019): 4-gram shingles of words, precision and recall
averaged over the pages, F1 of the two averages. The data is read from `../shared/data` beside the repository, or from
`$COPYDESK_SHARED/data`; without it nothing is measured.
"""

import gzip
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean
from typing import Any

import trafilatura

from model.errors import DocumentError
from model.html import extract_text
from model.pages import read_page

SHARED = Path(os.environ.get("COPYDESK_SHARED", Path(__file__).parents[3] / "shared")) / "data"
_WORD = re.compile(r"\w+")
_LONG_LINE = 100

Row = dict[str, Any]  # a JSON object of the data files


def main() -> None:
    """Prints the tables."""
    if not (SHARED / "pages-dev.jsonl.gz").exists():
        print(f"{SHARED}: no pages to measure on; skipped")
        return
    with gzip.open(SHARED / "pages-dev.jsonl.gz", "rt", encoding="utf-8") as file:
        pages: list[Row] = [json.loads(line) for line in file]
    print(f"{'':34}precision  recall     F1   ms/page")
    for name, extract in _EXTRACTORS.items():
        start = time.perf_counter()
        texts = [extract(page) for page in pages]
        ms = 1e3 * (time.perf_counter() - start) / len(pages)
        precision, recall = score(zip(texts, (page["body"] for page in pages), strict=True))
        f1 = 2 * precision * recall / (precision + recall)
        print(f"{name:34}{precision:9.3f}{recall:8.3f}{f1:7.3f}{ms:10.1f}")
    _measure_plain()


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


def main_story(text: str) -> str:
    """The body of the main story."""
    return "\n".join(text[start:end] for start, end in read_page(text).stories[0].body)


def _from_html(page: Row) -> str:
    try:
        return main_story(extract_text(page["html"]))
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


def _measure_plain() -> None:
    """Prints how much of plain articles stays in the main story."""
    with (SHARED / "topics-dev.jsonl").open(encoding="utf-8") as file:
        texts: list[str] = [json.loads(line)["text"] for line in file]
    start = time.process_time()
    kept = sum(_n_characters(main_story(text)) for text in texts)
    ms = 1e3 * (time.process_time() - start) / len(texts)
    share = kept / sum(map(_n_characters, texts))
    print(f"\nplain articles: {share:.2%} of the characters stay in the main story, {ms:.1f} ms of CPU each")


def _n_characters(text: str) -> int:
    return len("".join(text.split()))


if __name__ == "__main__":
    main()

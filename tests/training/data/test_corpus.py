"""The corpus that ships keeps its word: schema, balance, no copies."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from support.tiny import LABELS, ROOT

FILES = sorted((ROOT / "training" / "corpus").glob("*.jsonl"))
ROWS: list[dict[str, Any]] = [
    json.loads(line) for path in FILES for line in path.read_text(encoding="utf-8").splitlines()
]
N_GRAM = 8


def grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return set(zip(*(words[i:] for i in range(N_GRAM)), strict=False))


def full_text(row: dict[str, Any]) -> str:
    return f"{row['title'] or ''} {row['text']}"


def test_every_story_has_the_schema() -> None:
    for row in ROWS:
        assert set(row) == {"id", "date", "region", "genre", "title", "text", "labels"}, row["id"]
        assert re.fullmatch(r"\d{4}-\d\d", row["date"]), row["id"]
        assert row["labels"] == [label for label in LABELS if label in row["labels"]], row["id"]
        assert 35 <= len(row["text"].split()) <= 1000, row["id"]
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_the_labels_are_balanced() -> None:
    assert len(ROWS) >= 600
    n_labels = Counter(len(row["labels"]) for row in ROWS)
    assert n_labels[0] >= len(ROWS) / 3
    assert n_labels[2] + n_labels[3] >= len(ROWS) / 6
    for label in LABELS:
        assert sum(label in row["labels"] for row in ROWS) >= len(ROWS) / 8


def test_the_stories_vary() -> None:
    assert {row["date"][:3] for row in ROWS} >= {"199", "200", "201", "202"}
    assert len({row["region"] for row in ROWS}) >= 50
    assert len({row["genre"] for row in ROWS}) >= 15
    lengths = sorted(len(row["text"].split()) for row in ROWS)
    assert lengths[len(lengths) // 10] < 150
    assert lengths[-len(lengths) // 10] > 500


def test_no_two_stories_share_a_passage() -> None:
    seen: dict[tuple[str, ...], str] = {}
    shared: Counter[tuple[str, str]] = Counter()
    for row in ROWS:
        for gram in grams(row["text"]):
            other = seen.setdefault(gram, row["id"])
            if other != row["id"]:
                shared[other, row["id"]] += 1
    assert [pair for pair, count in shared.items() if count > 5] == []


def articles(folder: Path) -> Iterable[str]:
    with gzip.open(folder / "topics-train.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = [*file, *(folder / "topics-dev.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        yield full_text(json.loads(line))
    yield (folder / "page-fentanyl.txt").read_text(encoding="utf-8")


def test_no_story_shares_eight_words_with_a_real_article(shared: Path) -> None:
    ours = {gram: row["id"] for row in ROWS for gram in grams(full_text(row))}
    copied = {(ours[gram], " ".join(gram)) for text in articles(shared) for gram in grams(text) if gram in ours}
    assert copied == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_desk_writes_stories_without_a_topic_too(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(not row["labels"] for row in rows) >= len(rows) / 5

"""Sentences of n and of 4n characters of the worst food: the time may grow by a factor of 6 at most."""

import gc
import time
from collections.abc import Callable

import pytest
import sentencex

from copydesk.model.page.sentences import split_sentences

WRAPPED = (
    "The minister said on Monday that the duty on steel from the three\n"
    "countries would be cut in two steps, the first of them before the\n"
    "summer. Mills along the coast, which employ some nine thousand men\n"
    "and women, called the plan a surrender.\n\n"
)
FOODS = {
    "prose": "The minister said it was over. “We won,” he said. Don't ask. ",
    "hard-wrapped paragraphs": WRAPPED,
    "one hard-wrapped paragraph": WRAPPED.split("\n")[0] + "\n",
    "one word": "a",
    "words": "word ",
    "spaces": " ",
    "lines": "\n",
    "one-letter lines": "a\r\n",
    "double quotes": "“",
    "single quotes": "‘",
    "guillemets": "«",
    "backticks": "``",
    "straight quotes": "' ",
    "quoted openings": '"A. B ',
    "Chinese": "今天天气很好。",
    "Chinese exclamations": "好！",
    "Japanese": "「はい。」",
    "brackets": "(",
    "closing brackets": ".) ",
    "sentences in brackets": "(a b.) B ",
    "questions in brackets": "[a b?] B ",
    "numbers": "1. Cut it. ",
    "numbered lines": "\n1. Cut it. ",
    "Roman numbers": "ii. Cut it. ",
    "letters": "A. B. ",
    "abbreviations": "Mr. Lee. ",
    "words like abbreviations": "no. A ",
    "quoted abbreviations": "“me. A ",
    "companies": "Inc. B ",
    "hours": "at 3 p.m. Friday ",
    "places": "U.S. A b. ",
    "wide spaces": "A\u2003.",
    "ellipses": "… He ",
    "ellipses and spaces": "…   ",
    "dots": ". . . ",
    "references": "et al. [1] a ",
    "apostrophes": ". ’Tis ",
    "hosts": "A.BC.",
    "addresses": "a@B.C ",
    "small letters": ".” a ",
}
LIMIT = 6
MIN_SECONDS = 0.02  # of a run: shorter ones say nothing
MAX_CHARACTERS = 1_000_000


def feed(food: str, n: int) -> str:
    return (food * (n // len(food) + 1))[:n]


def cpu_seconds(text: str, n_runs: int = 1) -> float:
    """The shortest of some runs, without the garbage collector, whose time depends on what other tests left behind."""
    times = []
    gc.disable()
    for _ in range(n_runs):
        started = time.thread_time()
        split_sentences(text)
        times.append(time.thread_time() - started)
    gc.enable()
    return min(times)


@pytest.mark.parametrize("food", FOODS.values(), ids=FOODS.keys())
def test_four_times_the_text_takes_at_most_six_times_as_long(food: str) -> None:
    n = 8000
    while (short := cpu_seconds(feed(food, n))) < MIN_SECONDS and n < MAX_CHARACTERS:
        n *= 2
    long = cpu_seconds(feed(food, 4 * n))
    if long > LIMIT * short:  # once more: other processes slow this one down too
        short, long = cpu_seconds(feed(food, n), 5), cpu_seconds(feed(food, 4 * n), 5)
    assert long <= LIMIT * short


@pytest.mark.parametrize("food", FOODS.values(), ids=FOODS.keys())
def test_sentencex_reads_each_character_at_most_twice_and_little_at_once(
    food: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = list[str]()
    segment: Callable[[str, str], list[str]] = sentencex.segment

    def count(language: str, text: str) -> list[str]:
        pieces.append(text)
        return segment(language, text)

    monkeypatch.setattr(sentencex, "segment", count)
    split_sentences(feed(food, 100_000))
    assert sum(map(len, pieces)) <= 200_000
    costs = [len(piece) * sum(map(piece.count, "“‘„«‹`「《。！？｡")) for piece in pieces]
    assert max(costs, default=0) <= 3_000_000  # 3 ms at most, in which no other thread runs
    assert max(map(len, pieces), default=0) <= 10_000

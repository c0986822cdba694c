from dataclasses import replace

import pytest

from copydesk.model.analysis import Analysis, Coverage, Furniture, Language, Tag
from copydesk.model.drift.columns import LANGUAGES, columns_of
from support.drift import compose_analyses

LABELS = ("trade", "drugs")


def analyse(text: str, scores: tuple[float, float] = (0.97, 0.03), **changes: object) -> Analysis:
    (some,) = compose_analyses(1, text=text)
    tags = tuple(Tag(label, s, s >= 0.4, 0.4, ()) for label, s in zip(LABELS, scores, strict=True))
    return replace(some, story=replace(some.story, tags=tags), **changes)  # type: ignore[arg-type]  # what a test changes


def read(analysis: Analysis, name: str) -> list[float]:
    columns = columns_of(LABELS)
    values: list[float] = columns.count(analysis)[columns.places[name]].tolist()
    return values


def test_each_label_has_a_bin_of_its_score_and_its_decision() -> None:
    analysis = analyse("Steel.")
    scores = read(analysis, "scores")
    assert len(scores) == 2 * 16
    assert [i for i, value in enumerate(scores) if value] == [13, 16 + 2]  # 0.95 to 0.98, and 0.02 to 0.05
    assert read(analysis, "assigned") == [1, 0]
    assert read(analysis, "score") == [0.97, 0.03]
    assert read(analysis, "assigned_score") == [0.97, 0]
    assert read(analysis, "labels_per_story") == [0, 1, 0, 0, 0, 0]


def test_a_score_near_its_threshold_counts_as_such() -> None:
    assert read(analyse("Steel.", (0.45, 0.31)), "near_threshold") == [1.0]
    assert read(analyse("Steel.", (0.51, 0.35)), "near_threshold") == [0.5]


def test_words_and_capitals_are_counted_in_the_story() -> None:
    analysis = analyse("Ann met BOB\non Monday.", coverage=Coverage(22, 10, 1, unknown=1))
    assert read(analysis, "subwords_per_word") == [10 / 5]
    assert read(analysis, "capitals") == [5 / 17]
    assert read(analysis, "unknown_tokens") == [0.1]


def test_furniture_counts_by_its_characters() -> None:
    text = "Share this. Steel is dear."
    analysis = analyse(text, furniture=(Furniture(0, 13, "share"),), coverage=Coverage(26, 7, 1))
    assert read(analysis, "furniture") == [0.5]


@pytest.mark.parametrize(("n_tokens", "bin_"), [(1, 0), (32, 0), (33, 1), (64, 1), (65, 2), (10**6, 11)])
def test_lengths_have_bins_that_double(n_tokens: int, bin_: int) -> None:
    counts = read(analyse("Steel.", coverage=Coverage(6, n_tokens, 1)), "length")
    assert [i for i, value in enumerate(counts) if value] == [bin_]


@pytest.mark.parametrize(("code", "bins"), [("en", [0]), ("fy", [len(LANGUAGES) - 1]), (None, [])])
def test_a_language_in_doubt_counts_nowhere(code: str | None, bins: list[int]) -> None:
    counts = read(analyse("Steel.", language=code and Language(code, 1.0)), "language")
    assert [i for i, value in enumerate(counts) if value] == bins


def test_a_text_without_a_letter_or_a_character_of_a_story_can_be_counted() -> None:
    analysis = analyse("1")
    empty = replace(analysis, story=replace(analysis.story, end=0))
    assert read(empty, "capitals") == [0.0]
    assert read(empty, "subwords_per_word") == [0.0]

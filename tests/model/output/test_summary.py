from dataclasses import replace

import numpy as np
import pytest

from copydesk.model.analysis import Span, SummaryOptions
from copydesk.model.output.choice import Candidate
from copydesk.model.output.summary import summarise
from copydesk.model.page.furniture.asides import is_notice
from support.growth import MAX_GROWTH, growth


def candidates(*texts_and_scores: tuple[str, float]) -> list[Candidate]:
    found, at = [], 0
    for text, score in texts_and_scores:
        found.append(Candidate(text, Span(at, at + len(text)), score, score, is_furniture=is_notice(text)))
        at += len(text) + 1
    return found


FIVE = candidates(
    ("Ministers cut the duty on steel.", 0.9),
    ("Shares in three mills fell on Monday.", 0.5),
    ("What happens next?", 0.95),
    ("Carmakers had lobbied for it for years.", 0.7),
    ("Read more.", 0.99),
)


def texts(options: SummaryOptions, given: list[Candidate] = FIVE) -> list[str]:
    return [sentence.text for sentence in summarise(given, options).sentences]


def test_the_most_salient_sentences_come_in_reading_order() -> None:
    summary = summarise(FIVE, SummaryOptions(sentences=2))
    assert [s.text for s in summary.sentences] == [FIVE[0].text, FIVE[3].text]
    assert [s.rank for s in summary.sentences] == [1, 2]
    assert summary.text == f"{FIVE[0].text} {FIVE[3].text}"


def test_order_rank_puts_the_most_salient_first() -> None:
    given = candidates(
        ("The first of the sentences.", 0.1), ("A second one stands here.", 0.8), ("Something else ends it.", 0.3)
    )
    assert texts(SummaryOptions(sentences=2, order="rank"), given) == [given[1].text, given[2].text]


def test_questions_and_fragments_are_no_summary_sentences() -> None:
    summary = summarise(FIVE, SummaryOptions(sentences=4))
    assert len(summary.sentences) == 3
    assert summary.note == "only 3 of 5 sentences can stand in a summary"


def test_a_repetition_waits_until_nothing_else_is_left() -> None:
    given = candidates(
        ("The duty on steel was cut by ten points.", 0.9),
        ("The duty on steel was cut again.", 0.8),
        ("Shares in mills fell on Monday.", 0.2),
        ("Nobody in the town was surprised.", 0.1),
    )
    assert texts(SummaryOptions(sentences=2), given) == [given[0].text, given[2].text]
    assert texts(SummaryOptions(sentences=3), given) == [given[0].text, given[2].text, given[3].text]


@pytest.mark.parametrize("limit", [1, 20, 33, 60, 75, 500])
def test_a_character_budget_is_never_exceeded(limit: int) -> None:
    summary = summarise(FIVE, SummaryOptions(max_characters=limit))
    assert len(summary.text) <= limit
    assert bool(summary.sentences) != bool(summary.note)


def test_a_ratio_counts_sentences() -> None:
    assert len(texts(SummaryOptions(ratio=0.4))) == 2
    assert len(texts(SummaryOptions(ratio=0.01))) == 1


def test_a_story_shorter_than_its_summary_comes_whole() -> None:
    assert texts(SummaryOptions(sentences=9)) == [candidate.text for candidate in FIVE]


LEANING = candidates(
    ("Ministers cut the duty on steel.", 0.9),
    ("They had talked for three days about it.", 0.8),
    ("Shares in three mills fell on Monday.", 0.5),
    ("He called that a shame for the town.", 0.95),
)


def test_a_sentence_that_leans_is_chosen_only_behind_the_one_it_leans_on() -> None:
    given = [replace(one, leans=i in (1, 3)) for i, one in enumerate(LEANING)]
    assert texts(SummaryOptions(sentences=2), given) == [LEANING[0].text, LEANING[1].text]
    given = [replace(one, leans=i == 3) for i, one in enumerate(LEANING)]
    assert texts(SummaryOptions(sentences=2), given) == [LEANING[0].text, LEANING[1].text]
    assert texts(SummaryOptions(sentences=3), given) == [one.text for one in LEANING[:3]]


def test_what_leans_on_nothing_chosen_fills_up_when_no_other_prose_is_left() -> None:
    given = [replace(one, leans=i > 0) for i, one in enumerate(LEANING)]
    assert texts(SummaryOptions(sentences=3), given) == [LEANING[0].text, LEANING[1].text, LEANING[2].text]
    alone = [replace(LEANING[0], is_furniture=True), *given[1:]]
    assert texts(SummaryOptions(sentences=1), alone) == [LEANING[3].text]


def test_two_sentences_that_say_the_same_in_other_words_are_not_both_chosen() -> None:
    directions = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
    given = [replace(one, vector=vector) for one, vector in zip(LEANING, directions, strict=True)]
    assert texts(SummaryOptions(sentences=2), given) == [LEANING[0].text, LEANING[3].text]
    assert texts(SummaryOptions(sentences=3), given) == [LEANING[0].text, LEANING[2].text, LEANING[3].text]


def test_length_is_no_merit() -> None:
    given = candidates(
        ("Ministers cut the duty on steel after a night of talks that few had expected to end so soon.", 0.6),
        ("Ministers cut the duty on steel.", 0.5),
    )
    assert texts(SummaryOptions(sentences=1), given) == [given[0].text]


@pytest.mark.parametrize(
    "notice",
    [
        "By Maria Lopez and Tom Reed",
        "Words by J. K. O'Neill",
        "Read more: how the duty on steel came about",
        "PHOTO: A mill in the north, seen from the river",
        "File photo by: Ana Ruiz of the Herald",
        "Published: 12 May 2021, 10:15 in the morning",
        "Sign up for our weekly letter on trade.",
        "Copyright 2024 The Herald and its licensors.",
        "Related stories: the duty on steel, explained",
        "The mill at dawn in 2003 (Steelworkers' Library / Handout via Reuters)",
        "Ministers leave the talks on Friday | Ana Ruiz/AP Photo",
        "Tom Reed is a freelance writer in the north and the author of two books.",
        "He can be reached at @tomreed on weekdays.",
        "Full disclosure: his father once ran the mill.",
    ],
)
def test_bylines_captions_and_notices_are_no_summary_sentences(notice: str) -> None:
    given = candidates((notice, 0.99), ("Ministers cut the duty on steel.", 0.5), ("It had stood for ten years.", 0.1))
    assert texts(SummaryOptions(sentences=1), given) == ["Ministers cut the duty on steel."]


@pytest.mark.parametrize(
    "sentence",
    [
        "By Monday the army had left.",
        "Subscribers to the fund lost everything.",
        "Copyright law was changed in May.",
        "Advertisement sales fell by a tenth.",
        "Photos showed the damage to the bridge.",
        "Reuters and AP said they would leave the country.",
    ],
)
def test_sentences_that_only_begin_like_a_notice_can_stand_in_a_summary(sentence: str) -> None:
    given = candidates((sentence, 0.99), ("Ministers cut the duty on steel.", 0.5))
    assert texts(SummaryOptions(sentences=1), given) == [sentence]


@pytest.mark.parametrize(
    "fragment",
    [
        "- register with the customs office before June",
        "| Steel | 25 % | 10 % | since the first of June |",
        "2) name the origin of each load of steel",
        "Importers must do three things before then:",
    ],
)
def test_items_rows_and_colon_lines_come_after_all_prose(fragment: str) -> None:
    given = candidates(
        (fragment, 0.99), ("Ministers cut the duty on steel.", 0.5), ("It had stood for ten years.", 0.1)
    )
    assert texts(SummaryOptions(sentences=1), given) == ["Ministers cut the duty on steel."]
    assert fragment in texts(SummaryOptions(sentences=3), given)


@pytest.mark.parametrize("options", [SummaryOptions(sentences=100), SummaryOptions(max_characters=100_000)])
def test_choosing_takes_time_in_proportion_to_the_story(options: SummaryOptions) -> None:
    def choose(text: str) -> object:
        return summarise(candidates(*((line, len(line) % 7 / 7) for line in text.split("\n"))), options)

    assert growth(choose, "Ministers cut the duty on steel again.\n", 40_000) <= MAX_GROWTH
    assert growth(choose, "".join(f"Mill {n} on the coast cut {n} jobs.\n" for n in range(2_000)), 40_000) <= MAX_GROWTH

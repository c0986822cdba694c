import numpy as np
import pytest

from copydesk.service.desk.queue.pool import Numbers
from copydesk.service.desk.queue.sampling import choose_next, pick_least_sure, pick_rare, pick_uncertain, spread
from copydesk.service.desk.store.stories import draw_of

RNG = np.random.default_rng(7)
FREE, RESERVED = 0.9, 0.1  # draws


def make_numbers(margins: list[list[float]], draws: list[float] | None = None, width: int = 4) -> Numbers:
    n = len(margins)
    vectors = RNG.normal(size=(n, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    draw = np.array(draws or [FREE] * n, np.float32)
    labels = tuple(f"label{i}" for i in range(len(margins[0])))
    return Numbers(labels, np.arange(n), np.array(margins, np.float32), vectors.astype(np.float16), draw)


def test_sixty_in_a_hundred_are_uncertain_twenty_rare_and_twenty_by_chance() -> None:
    margins = RNG.normal(0, 3, (1_000, 3)).tolist()
    numbers = make_numbers(margins, RNG.random(1_000).tolist())
    picks = choose_next(numbers, [30, 20, 1], 50)
    reasons = [pick.reason for pick in picks]
    assert {reason: reasons.count(reason) for reason in set(reasons)} == {"uncertain": 30, "rare": 10, "random": 10}
    assert len({pick.story_id for pick in picks}) == 50


def test_chance_alone_shows_what_is_reserved_and_in_the_order_of_the_draw() -> None:
    draws = [0.15, 0.05, 0.5, 0.19, 0.9, 0.01]
    picks = choose_next(make_numbers([[0.0]] * 6, draws), [0], 6)
    assert [pick.story_id for pick in picks if pick.reason == "random"] == [5, 1, 0, 3]
    assert {pick.story_id for pick in picks if pick.reason != "random"} == {2, 4}


def test_every_story_is_chosen_in_the_end() -> None:
    numbers = make_numbers(RNG.normal(size=(23, 2)).tolist(), RNG.random(23).tolist())
    assert sorted(pick.story_id for pick in choose_next(numbers, [0, 0], 60)) == list(range(23))


def test_the_nearest_to_its_threshold_comes_first_and_names_its_label() -> None:
    picks = pick_uncertain(make_numbers([[5.0, -4.0], [-6.0, 0.1], [3.0, -3.0]]), [10, 10], 1)
    assert [(pick.story_id, pick.label) for pick in picks] == [(1, "label1")]


def test_a_rare_label_weighs_more_at_the_same_distance() -> None:
    picks = pick_uncertain(make_numbers([[1.0, 9.0], [9.0, 1.0]]), [100, 1], 1)
    assert [(pick.story_id, pick.label) for pick in picks] == [(1, "label1")]


def test_what_the_model_does_not_know_is_no_doubt() -> None:
    numbers = make_numbers([[np.nan, 4.0], [np.nan, 0.5]])
    assert [pick.story_id for pick in pick_uncertain(numbers, [0, 9], 1)] == [1]
    assert pick_rare(numbers, [0, 9], 1)[0].label == "label1"


def test_two_alike_are_not_both_among_the_first() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert spread(vectors, np.array([1.0, 0.99, 0.5], np.float32), 2) == [0, 2]
    assert sorted(spread(vectors, np.zeros(3, np.float32), 3)) == [0, 1, 2]


def test_the_rarest_label_gets_the_most_of_the_rare_ones() -> None:
    margins = [[float(i), float(-i)] for i in range(20)]
    picks = pick_rare(make_numbers(margins), [99, 0], 10)
    assert [pick.label for pick in picks].count("label1") > [pick.label for pick in picks].count("label0")
    assert picks[0].story_id == 0


def test_the_least_sure_are_those_that_carry_the_label_just_so() -> None:
    numbers = make_numbers([[2.0], [-0.1], [0.3], [0.0]])
    assert [pick.story_id for pick in pick_least_sure(numbers, "label0", 5)] == [3, 2, 0]


@pytest.mark.parametrize(("hash_", "draw"), [("0" * 64, 0.0), ("80000000" + "f" * 56, 0.5), ("f" * 64, 1 - 16**-8)])
def test_a_draw_is_the_first_digits_of_the_hash(hash_: str, draw: float) -> None:
    assert draw_of(hash_) == draw

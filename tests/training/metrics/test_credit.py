import pytest

from copydesk.model.analysis import Span
from copydesk.training.metrics.credit import EditorsChoice, find_sentences, judge_editors, judge_summary

FIRST = EditorsChoice((0, 4, 2), frozenset({1}), frozenset({5}), frozenset({3}))
SECOND = EditorsChoice((0, 1, 3), frozenset({2, 4}), frozenset(), frozenset({1, 4}))


def test_credit_is_the_mean_over_editors_and_chosen_sentences() -> None:
    credit, furniture, dangling = judge_summary([0, 1, 5], [FIRST, SECOND])
    assert credit == pytest.approx((1 + 0.75 + 0) / 3)
    assert furniture == pytest.approx(1 / 3)
    assert dangling == 0  # 1 leans on 0, which is there


def test_a_sentence_that_cannot_stand_alone_counts_without_the_one_before() -> None:
    assert judge_summary([1, 3], [FIRST, SECOND])[2] == 1.0
    assert judge_summary([2, 3], [FIRST, SECOND])[2] == 0.0


def test_a_summary_of_nothing_has_no_credit() -> None:
    assert judge_summary([], [FIRST]).tolist() == [0, 0, 0]


def test_editors_are_judged_by_each_other() -> None:
    ours, theirs = (1 + 0.5 + 0.5) / 3, (1 + 0.5 + 0) / 3
    assert judge_editors([FIRST, SECOND]).tolist() == pytest.approx([(ours + theirs) / 2, 0, (1 / 3 + 1 / 3) / 2])


def test_a_span_is_the_sentence_that_it_shares_most_with() -> None:
    sentences = [Span(0, 10), Span(11, 30), Span(31, 40)]
    assert find_sentences([Span(31, 40), Span(0, 10)], sentences) == [0, 2]
    assert find_sentences([Span(2, 30)], sentences) == [1]  # two sentences in one
    assert find_sentences([Span(12, 20), Span(20, 29)], sentences) == [1]  # one sentence in two
    assert find_sentences([Span(31, 80)], sentences) == [2]


def test_a_span_that_shares_half_of_no_sentence_is_none_of_them() -> None:
    sentences = [Span(0, 10), Span(20, 30)]
    assert find_sentences([Span(5, 15), Span(10, 20), Span(26, 40)], sentences) == []
    assert find_sentences([Span(4, 15)], sentences) == [0]

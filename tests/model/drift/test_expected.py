from dataclasses import replace

import pytest

from copydesk.model.drift.expected import expect, wilson
from support.drift import compose_analyses, sum_analyses


def test_precision_and_recall_are_what_the_scores_promise() -> None:
    texts = compose_analyses(4)
    given = [(0.9, 0.1), (0.7, 0.1), (0.2, 0.1), (0.2, 0.1)]
    tags = [
        tuple(
            replace(tag, score=score, assigned=score >= 0.5)
            for tag, score in zip(text.story.tags, (*scores, 0.0, 0.0), strict=True)
        )
        for text, scores in zip(texts, given, strict=True)
    ]
    first, second, third, _ = expect(
        sum_analyses(
            [replace(text, story=replace(text.story, tags=own)) for text, own in zip(texts, tags, strict=True)]
        )
    )
    assert (first.label, first.rate.value) == ("trade", 0.5)
    assert [first.precision, first.recall] == pytest.approx([0.8, 0.8])
    assert (second.precision, second.recall) == (None, 0)
    assert (third.precision, third.recall) == (None, None)


@pytest.mark.parametrize(
    ("n_yes", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)]
)
def test_wilson_intervals_are_those_of_the_tables(n_yes: int, n: int, low: float, high: float) -> None:
    rate = wilson(n_yes, n)
    assert [rate.low, rate.high] == pytest.approx([low, high], abs=1e-4)

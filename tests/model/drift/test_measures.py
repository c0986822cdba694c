from dataclasses import replace

import numpy as np
import pytest

from copydesk.model.drift.measures import MEASURES, Key, compare
from support.drift import compose_analyses, sum_analyses
from support.tiny import LABELS

REFERENCE = sum_analyses(compose_analyses(400))


def test_every_measure_is_zero_for_the_same_texts() -> None:
    distances = compare(REFERENCE, REFERENCE)
    assert {key.measure for key in distances} == set(MEASURES)
    assert len(distances) == len(MEASURES) - 2 + 2 * len(LABELS)
    assert max(distances.values()) == pytest.approx(0, abs=1e-6)


def test_the_divergence_of_scores_that_share_no_bin_is_one() -> None:
    texts = compose_analyses(20)
    scores = (0.001, 0.55, 0.55, 0.55)
    tags = tuple(replace(tag, score=score) for tag, score in zip(texts[0].story.tags, scores, strict=True))
    others = tuple(replace(tag, score=0.55) for tag in tags)
    one, other = (
        sum_analyses([replace(text, story=replace(text.story, tags=own)) for text in texts]) for own in (tags, others)
    )
    distances = compare(one, other)
    assert distances[Key("scores", "trade")] == pytest.approx(1)
    assert distances[Key("scores", "drugs")] == 0


def test_a_rate_is_the_difference_of_shares() -> None:
    window = sum_analyses(compose_analyses(400, 1, rate=0.4))
    expected = abs(window.mean("assigned") - REFERENCE.mean("assigned"))
    assert [compare(window, REFERENCE)[Key("rate", label)] for label in LABELS] == pytest.approx(expected.tolist())


def test_frechet_is_the_distance_of_the_means_where_spreads_are_alike() -> None:
    moved = REFERENCE.vector / REFERENCE.n + 0.5
    second = REFERENCE.outer / REFERENCE.n - np.outer(REFERENCE.vector, REFERENCE.vector) / REFERENCE.n**2
    window = replace(REFERENCE, vector=moved * REFERENCE.n, outer=(second + np.outer(moved, moved)) * REFERENCE.n)
    assert compare(window, REFERENCE)[Key("frechet")] == pytest.approx(0.5 * 8, abs=1e-3)  # sqrt of 64 axes


def test_a_language_that_nobody_could_tell_is_no_drift() -> None:
    window = sum_analyses(compose_analyses(50, language=None))
    assert compare(window, REFERENCE)[Key("language")] == 0
    other = sum_analyses(compose_analyses(50, language="de"))
    assert compare(other, REFERENCE)[Key("language")] == pytest.approx(1)

import numpy as np
import pytest

from copydesk.training.metrics.bootstrap import (
    N_RESAMPLES,
    Interval,
    compare_calibration,
    compare_f1,
    compare_paired,
    f1_intervals,
    mean_interval,
    resample_stories,
)
from copydesk.training.metrics.quality import calibration_error


def test_every_resample_draws_as_many_stories_as_there_are() -> None:
    draws = resample_stories(7)
    assert draws.shape == (N_RESAMPLES, 7)
    assert (draws.sum(axis=1) == 7).all()
    assert (draws == resample_stories(7)).all()


def test_what_never_varies_has_an_interval_of_no_width() -> None:
    assert mean_interval(np.full(20, 3.0)) == Interval(3.0, 3.0)
    labels, macro = f1_intervals(np.array([[1.0], [1.0], [-1.0]]), np.array([[True], [True], [False]]))
    assert labels[0].high == macro.high == 1.0


def test_interval_of_a_mean_is_near_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(size=400)
    interval, half = mean_interval(values), 1.96 * values.std() / 20
    assert interval.low == pytest.approx(values.mean() - half, abs=0.02)  # 2,000 resamples
    assert interval.high == pytest.approx(values.mean() + half, abs=0.02)


def test_a_gain_on_every_article_has_the_smallest_p() -> None:
    theirs = np.arange(10.0)
    gain = compare_paired(theirs + 2, theirs)
    assert (gain.mean, gain.interval, gain.p) == (2.0, Interval(2.0, 2.0), 1 / (1 + N_RESAMPLES))
    assert compare_paired(theirs, theirs).p == 1.0


def _plain_f1(targets: list[float], decisions: list[bool]) -> float:
    known = [(target > 0, decision) for target, decision in zip(targets, decisions, strict=True) if target >= 0]
    n_hits = sum(target and decision for target, decision in known)
    return 2 * n_hits / max(1, sum(target + decision for target, decision in known))


def test_f1_differences_are_those_of_each_resample_counted_by_hand() -> None:
    random = np.random.default_rng(2)
    targets = random.integers(-1, 2, (40, 2)).astype(np.float64)
    ours, theirs = random.random((40, 2)) < 0.6, random.random((40, 2)) < 0.4
    labels, macro = compare_f1(targets, ours, theirs)
    gains = []
    for draw in resample_stories(40).astype(int):
        rows = np.repeat(np.arange(40), draw)
        by_label = [
            _plain_f1(targets[rows, i].tolist(), ours[rows, i].tolist())
            - _plain_f1(targets[rows, i].tolist(), theirs[rows, i].tolist())
            for i in range(2)
        ]
        gains.append([*by_label, np.mean(by_label)])
    for i, found in enumerate([*labels, macro]):
        column = np.array(gains)[:, i]
        assert found is not None
        assert found.interval.low == pytest.approx(np.percentile(column, 2.5))
        assert found.p == pytest.approx((1 + (column <= 0).sum()) / (1 + N_RESAMPLES))
    assert labels[0] is not None
    expected = _plain_f1(targets[:, 0].tolist(), ours[:, 0].tolist()) - _plain_f1(
        targets[:, 0].tolist(), theirs[:, 0].tolist()
    )
    assert labels[0].mean == pytest.approx(expected)


def test_a_label_that_no_story_carries_has_no_difference() -> None:
    targets = np.array([[1.0, 0.0], [0.0, -1.0]])
    labels, macro = compare_f1(targets, targets > 0, np.zeros((2, 2), dtype=bool))
    assert labels[1] is None
    assert macro.mean == 1.0


def test_calibration_is_compared_as_it_is_measured() -> None:
    random = np.random.default_rng(3)
    targets = random.integers(-1, 2, (300, 1)).astype(np.float64)
    ours, theirs = random.random((300, 1)), np.where(targets > 0, 0.95, 0.05)
    rise = compare_calibration(targets, ours, theirs)
    errors = [calibration_error(targets[:, 0], scores[:, 0]) for scores in (ours, theirs)]
    assert rise.mean == pytest.approx(errors[0] - errors[1])
    assert rise.p == 1 / (1 + N_RESAMPLES)

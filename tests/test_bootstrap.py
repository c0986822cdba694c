import numpy as np
import pytest

from training.bootstrap import N_RESAMPLES, Interval, compare_paired, f1_intervals, mean_interval, resample_stories


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

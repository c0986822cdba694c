import numpy as np
import pytest

from copydesk.training.metrics.bootstrap import Difference, Interval
from copydesk.training.release.power import Power, count_noticeable, f1_floors, macro_floor, measure_power


def loss(spread: float) -> Difference:
    return Difference(0.0, Interval(0.0, 0.0), 1.0, spread)


def test_the_least_loss_is_the_errors_of_its_level_and_falls_with_the_root_of_the_stories() -> None:
    power = measure_power(loss(0.02), 0.025, 0.0, 100, 0.02)
    assert power.least == pytest.approx(1.959964 * 0.02, abs=1e-7)
    assert power.n_more == 290  # 100 * 1.96^2 = 384 stories in all


def test_versions_that_agree_have_the_power_of_the_floor_which_falls_with_the_stories() -> None:
    assert measure_power(loss(0.0), 0.025, 0.3, 100, 0.02) == Power(0.3, 1400)


def test_enough_stories_need_no_more_and_no_test_can_show_a_loss_of_nothing() -> None:
    assert measure_power(loss(0.005), 0.025, 0.01, 2000, 0.02).n_more == 0
    assert measure_power(loss(0.005), 0.025, 0.01, 2000, 0.0).n_more is None


@pytest.mark.parametrize(("n_stories", "alpha", "n_lost"), [(31, 0.025, 4), (400, 0.025, 4), (400, 0.00625, 6)])
def test_so_many_lost_stories_are_beyond_noise_and_one_less_are_not(n_stories: int, alpha: float, n_lost: int) -> None:
    assert count_noticeable(n_stories, alpha) == n_lost
    assert (1 - n_lost / n_stories) ** n_stories < alpha < (1 - (n_lost - 1) / n_stories) ** n_stories


def test_f1_falls_by_the_hits_that_are_lost() -> None:
    targets = np.array([[1, 1], [1, 0], [1, 0], [1, -1], [0, 0]], np.float64)
    decisions = np.array([[1, 1], [1, 0], [1, 0], [0, 1], [1, 0]], np.bool_)
    falls = f1_floors(targets, decisions, 2)
    assert falls == pytest.approx([6 / 8 - 2 / 6, 1])  # of the first 3 hits 1 is left; the second has 1 to lose
    assert macro_floor(falls) == pytest.approx((6 / 8 - 2 / 6) / 2)
    assert macro_floor([0.0, 0.0]) == 0

"""How small a loss a test could have noticed, and how many stories more would notice a smaller one.

What a test does not notice says nothing where it could not have noticed it. Source: Card et al. 2020, "With Little
Power Comes Great Responsibility".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from copydesk.training.metrics.bootstrap import Difference
from copydesk.training.metrics.quality import Decisions, Floats

_N_DIGITS = 2  # of the stories that are needed: an estimate is no count


@dataclass(frozen=True)
class Power:
    """What one figure of a test can show.

    least: the smallest loss that would have been beyond noise. n_more: about how many stories more bring it down to
    what is tolerated; 0 where it is there, none where no test could.
    """

    least: float
    n_more: int | None


def measure_power(loss: Difference, alpha: float, floor: float, n_stories: int, tolerance: float) -> Power:
    """The power of a test of so many stories at the level `alpha`, one-sided.

    The smallest loss beyond noise is z(1 - alpha) standard errors of the paired loss, and no less than `floor`, for
    where two versions agree everywhere the error is 0. Source: Bloom 1995, "Minimum Detectable Effects", for the
    multiple of the standard error; here without the share for missing it by chance, so it is a lower bound. The error
    falls with the root of the number of stories, the floor with the number itself.
    """
    by_noise = NormalDist().inv_cdf(1 - alpha) * loss.spread
    least = max(by_noise, floor)
    if least <= tolerance:
        return Power(least, 0)
    if not tolerance:
        return Power(least, None)
    times = max((by_noise / tolerance) ** 2, floor / tolerance)
    return Power(least, _round_up(n_stories * (times - 1)))


def count_noticeable(n_stories: int, alpha: float) -> int:
    """How many stories a version must lose, and gain none, before the bootstrap calls it a loss.

    A resample shows no loss when it draws none of the k lost stories: (1 - k / n)^n must be below alpha.
    """
    return math.ceil(n_stories * (1 - math.pow(alpha, 1 / n_stories)))


def f1_floors(targets: Floats, decisions: Decisions, n_lost: int) -> list[float]:
    """By how much each label's F1 falls when so many of its hits are lost. targets and decisions: [stories, labels]."""
    positives = targets > 0
    hits, given = (positives & decisions).sum(axis=0), ((targets >= 0) & decisions).sum(axis=0)
    lost, total = np.minimum(n_lost, hits), given + positives.sum(axis=0)
    before, after = 2 * hits / np.maximum(1, total), 2 * (hits - lost) / np.maximum(1, total - lost)
    falls: list[float] = (before - after).tolist()
    return falls


def macro_floor(floors: Sequence[float]) -> float:
    """By how much macro-F1 falls when all of these stories are of the one label where it shows least."""
    found = [fall for fall in floors if fall > 0]
    return min(found) / len(floors) if found else 0.0


def _round_up(number: float) -> int:
    n_zeros = max(0, len(str(math.ceil(number))) - _N_DIGITS)
    step = int("1" + "0" * n_zeros)
    return math.ceil(number / step) * step

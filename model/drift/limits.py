"""How far windows of the reference's own kind are from it by chance, and from which distance on it is no chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.model.drift.measures import Key, compare
from copydesk.model.drift.sums import Texts, sum_texts

N_WINDOWS = 1_000  # that are drawn
# Share of windows that are over any limit by chance. Three in a row are over the same one in less than 1 of 1,000 runs:
# the most that was seen in 700 of them was 2.4 standard deviations, where this share comes to 3.1.
OVER_BY_CHANCE = 0.1
_SEED = 13
# What is smaller than this is no drift that anybody would act on, however surely it is there.
_LEAST = {"scores": 0.05, "labels_per_story": 0.03, "length": 0.03, "language": 0.05, "mmd": 0.01, "frechet": 0.01}
_LEAST_MEAN = 0.005


@dataclass(frozen=True)
class Limit:
    """A distance's mean over windows of the reference's kind, and what it must not exceed."""

    usual: float
    limit: float


def find_limits(labels: Sequence[str], texts: Texts, window: int, n_windows: int = N_WINDOWS) -> dict[Key, Limit]:
    """Limits for windows of so many texts: of windows like the reference 1 in 10 is over any of them.

    Window and reference are both drawn anew with replacement (Efron 1979), since the reference is a sample too. The
    limits are as many standard deviations above the mean for all measures, and so many that the largest of all
    deviations holds in 9 of 10 windows: the family is controlled, however its measures depend on each other
    (Westfall & Young 1993, max T).
    """
    rng = np.random.default_rng(_SEED)
    drawn = [_draw(labels, texts, window, rng) for _ in range(n_windows)]
    keys = list(drawn[0])
    distances = np.array([[one[key] for key in keys] for one in drawn])
    usual, spread = distances.mean(axis=0), distances.std(axis=0)
    deviations = np.divide(distances - usual, spread, out=np.zeros_like(distances), where=spread > 0)
    most = float(np.quantile(deviations.max(axis=1), 1 - OVER_BY_CHANCE))
    return {
        key: Limit(float(mean), max(float(mean + most * own), _LEAST.get(key.measure, _LEAST_MEAN)))
        for key, mean, own in zip(keys, usual, spread, strict=True)
    }


def _draw(labels: Sequence[str], texts: Texts, window: int, rng: np.random.Generator) -> dict[Key, float]:
    """The distances of a window from a reference, both drawn from the texts."""
    n = len(texts.rows)
    own, reference = (rng.multinomial(size, np.full(n, 1 / n)).astype(np.float64) for size in (window, n))
    return compare(sum_texts(labels, texts, own), sum_texts(labels, texts, reference))

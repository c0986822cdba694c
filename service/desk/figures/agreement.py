"""How far people agree beyond chance."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence


def krippendorff_alpha(units: Iterable[Sequence[bool]]) -> float | None:
    """Alpha for yes and no; None where nobody could disagree: too few were asked twice, or all said the same.

    units: the answers on one story each; those of a single person count for nothing.
    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section B (nominal data).
    """
    coincidences: defaultdict[tuple[bool, bool], float] = defaultdict(float)
    for answers in units:
        n = len(answers)
        if n < 2:
            continue
        counts = Counter(answers)
        for one in counts:
            for other in counts:
                pairs = counts[one] * (counts[other] - (one == other))
                coincidences[one, other] += pairs / (n - 1)
    totals = {value: coincidences[value, True] + coincidences[value, False] for value in (True, False)}
    n_values = totals[True] + totals[False]
    expected = 2 * totals[True] * totals[False] / (n_values - 1) if n_values > 1 else 0
    observed = coincidences[True, False] + coincidences[False, True]
    return None if not expected else 1 - observed / expected

"""One figure of two versions: what may be lost, what was, and whether it held."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from copydesk.training.metrics.bootstrap import N_RESAMPLES, Difference, Interval
from copydesk.training.release.history import MACRO
from copydesk.training.release.power import Power, measure_power

ERROR = "ECE"
CANNOT_TELL = "cannot tell"
_NOTHING = 1e-9  # a mean of labels' losses that cancel out
ALPHA = 0.025  # a loss is beyond noise when its 95 % interval lies above 0; shared among the labels (Bonferroni)


@dataclass(frozen=True)
class Tolerances:
    """How much worse each figure may be where the test can tell: F1, calibration error and credit from 0 to 1, ROUGE in
    points.

    labels: for labels that have a tolerance of their own. first_calibration: most that a version may have which has
    none to be compared with.
    """

    macro: float = 0.01
    label: float = 0.02
    labels: Mapping[str, float] = field(default_factory=dict)
    calibration: float = 0.02
    rouge: float = 0.3
    credit: float = 0.02  # shows on 250 articles; on 105 a loss shows from 0.03 on
    first_calibration: float = 0.1

    def of(self, label: str) -> float:
        """The label's tolerance."""
        return self.labels.get(label, self.label)


@dataclass(frozen=True)
class Check:
    """One figure of both versions in one set of stories or articles, and whether it held.

    loss: by how much the candidate is worse, by paired bootstrap; none where there is nothing to compare. power: what
    loss would have shown; can_tell: a loss as small as is tolerated would have, or a larger one did.
    """

    place: str
    figure: str
    current: float | None
    candidate: float | None
    loss: Difference | None = None
    tolerance: float | None = None
    is_held: bool = True
    note: str = ""
    power: Power | None = None
    can_tell: bool = True

    @property
    def change(self) -> float:
        """The candidate's figure less the current one's; 0 where there is nothing to compare."""
        return 0.0 if self.candidate is None or self.current is None else self.candidate - self.current

    @property
    def change_interval(self) -> Interval | None:
        """The middle 95 % of the resampled changes."""
        if self.loss is None:
            return None
        low, high = self.loss.interval.low, self.loss.interval.high
        return Interval(low, high) if self.figure == ERROR else Interval(-high, -low)

    @property
    def verdict(self) -> str:
        """What became of it, in two words; where nothing was compared, why."""
        if self.loss is None:
            return self.note
        return ("held" if self.is_held else "worse") if self.can_tell else CANNOT_TELL

    @property
    def reason(self) -> str:
        """Why it did not hold, as a sentence."""
        before, now = (("none" if value is None else f"{value:.3f}") for value in (self.current, self.candidate))
        return f"{self.figure} on the {self.place}: {before} -> {now}, {self.note}"


def alpha_of(n_judged: int) -> float:
    """The level of each of so many figures: among many the bar is as high as the resamples can show, and no higher."""
    return max(ALPHA / n_judged, 2 / N_RESAMPLES)


def is_beyond_noise(loss: Difference, n_judged: int) -> bool:
    """Chance alone would hardly give such a loss to one of so many figures."""
    return loss.mean > 0 and loss.p < alpha_of(n_judged)


def compare(
    place: str,
    figure: str,
    values: tuple[float, float],
    loss: Difference,
    tolerance: float,
    *,
    n_stories: int,
    n_judged: int = 1,
    floor: float = 0.0,
) -> Check:
    """It holds unless the loss is larger than its tolerance and beyond noise.

    Where the test could not have noticed a loss as small as the tolerance nothing is shown by that: F1 must then be no
    worse at all, and what moves with every training, calibration error, ROUGE and credit, no worse than is
    tolerated.
    values: the current version's and the candidate's; floor: see `measure_power`.
    """
    power = measure_power(loss, alpha_of(n_judged), floor, n_stories, tolerance)
    check = Check(place, figure, *values, loss, tolerance, power=power)
    if loss.mean > tolerance and is_beyond_noise(loss, n_judged):
        note = f"worse by {loss.mean:.3f} beyond noise, {tolerance:g} is tolerated"
        return replace(check, is_held=False, note=note)
    if power.least <= tolerance:
        return check
    is_held = loss.mean <= (_NOTHING if figure == MACRO or figure.startswith("F1 ") else tolerance)
    return replace(check, is_held=is_held, can_tell=False, note=_explain_weakness(power, tolerance))


def _explain_weakness(power: Power, tolerance: float) -> str:
    more = f"; about {power.n_more:,} stories more would tell" if power.n_more else ""
    return f"{CANNOT_TELL}: a loss shows from {power.least:.3f} on, {tolerance:g} is tolerated{more}"

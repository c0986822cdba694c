"""What has changed: each distance of the last windows beside its limit, and whether that is drift."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from copydesk.model.drift.limits import Limit
from copydesk.model.drift.measures import EVERY, Key, compare
from copydesk.model.drift.reference import Reference
from copydesk.model.drift.sums import Sums

N_IN_A_ROW = 3  # windows over a limit that raise it


@dataclass(frozen=True)
class Change:
    """A measure's distances in windows, the latest last, beside the limit of one."""

    key: Key
    distances: tuple[float, ...]
    limit: Limit

    @property
    def size(self) -> float:
        """The latest distance in limits: above 1 it is over."""
        return self.distances[-1] / self.limit.limit

    @property
    def is_raised(self) -> bool:
        """The last three windows are over the limit."""
        last = self.distances[-N_IN_A_ROW:]
        return len(last) == N_IN_A_ROW and min(last) > self.limit.limit


@dataclass(frozen=True)
class LabelChange:
    """A label's changes, the largest first; `EVERY` for those of the texts as a whole."""

    label: str
    changes: tuple[Change, ...]

    @property
    def size(self) -> float:
        """Of its largest change."""
        return self.changes[0].size

    @property
    def is_raised(self) -> bool:
        """One of its measures is."""
        return any(change.is_raised for change in self.changes)


def find_changes(windows: Sequence[Sums], reference: Reference) -> list[Change]:
    """Each measure's change over the windows, oldest first; the largest change first. None without a window."""
    if not windows:
        return []
    distances = [compare(window, reference.sums) for window in windows]
    changes = [Change(key, tuple(one[key] for one in distances), limit) for key, limit in reference.limits.items()]
    return sorted(changes, key=lambda change: (-change.is_raised, -change.size))


def by_label(changes: Sequence[Change]) -> list[LabelChange]:
    """The same for each label and for the texts as a whole; what is raised comes first, then the largest change."""
    ordered = sorted(changes, key=lambda change: (change.key.label, -change.is_raised, -change.size))
    grouped = [LabelChange(label, tuple(own)) for label, own in groupby(ordered, lambda change: change.key.label)]
    return sorted(grouped, key=lambda own: (-own.is_raised, -own.size, own.label != EVERY))

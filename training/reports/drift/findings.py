"""What is known of the drift of a model's texts: windows, changes, labels; and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.drift.changes import N_IN_A_ROW, LabelChange, by_label, find_changes
from copydesk.model.drift.expected import Expected, expect
from copydesk.model.drift.measures import EVERY
from copydesk.model.drift.reference import Reference
from copydesk.model.drift.sums import Sums
from copydesk.model.drift.windows import Window
from copydesk.model.files.json import JsonObject

WHOLE = "the texts as a whole"  # what a measure is of that is of no label


@dataclass(frozen=True)
class LabelFigures:
    """A label in the reference and in the last windows."""

    before: Expected
    now: Expected


@dataclass(frozen=True)
class Findings:
    """Windows, oldest first, beside the reference: changes, the largest first, and what each label comes to.

    recent: the sums of the windows that can raise something together.
    """

    bundle: Bundle
    reference: Reference
    windows: tuple[Window, ...]
    recent: Sums
    changes: tuple[LabelChange, ...]

    @property
    def raised(self) -> list[LabelChange]:
        """Those of which something is."""
        return [change for change in self.changes if change.is_raised]

    @property
    def labels(self) -> list[LabelFigures]:
        """Each label's figures, in the order of the changes."""
        pairs = zip(expect(self.reference.sums), expect(self.recent), strict=True)
        figures = {before.label: LabelFigures(before, now) for before, now in pairs}
        return [figures[change.label] for change in self.changes if change.label in figures]

    @property
    def headline(self) -> str:
        """What it comes to."""
        if not self.raised:
            return "No drift"
        names = (WHOLE if change.label == EVERY else change.label for change in self.raised)
        return f"Drift: {', '.join(names)}"

    def to_json(self) -> JsonObject:
        """For a file."""
        return {
            "model": {"name": self.bundle.name, "digest": self.bundle.digest},
            "reference": {"source": self.reference.source, "made": self.reference.made, "n": self.reference.sums.n},
            "windows": [
                {"start": show_time(window.start), "end": show_time(window.end), "n": window.sums.n}
                for window in self.windows
            ],
            "raised": [change.label for change in self.raised],
            "changes": [
                {
                    "label": own.label,
                    "measure": change.key.measure,
                    "distances": list(change.distances),
                    **asdict(change.limit),
                    "is_raised": change.is_raised,
                }
                for own in self.changes
                for change in own.changes
            ],
            "labels": [asdict(figures) for figures in self.labels],
        }


def find_drift(bundle: Bundle, reference: Reference, windows: Sequence[Window]) -> Findings:
    """What the windows say, one or more, oldest first."""
    recent, *others = [window.sums for window in windows[-N_IN_A_ROW:]]
    for sums in others:
        recent += sums
    changes = find_changes([window.sums for window in windows], reference)
    return Findings(bundle, reference, tuple(windows), recent, tuple(by_label(changes)))


def show_time(seconds: float) -> str:
    """A time in UTC, as people and programs read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")

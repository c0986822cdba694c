"""Whether the texts that the endpoint answers have changed, for the start page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from copydesk.model.drift.changes import N_IN_A_ROW, LabelChange, by_label
from copydesk.model.drift.expected import Expected, expect
from copydesk.model.drift.measures import EVERY
from copydesk.model.drift.reference import WINDOW
from copydesk.service.drift import DriftWatch

_WHOLE = "the texts as a whole"


@dataclass(frozen=True)
class DriftFigures:
    """The last windows beside the reference, whose source is none where there is no reference.

    n_open: texts in the window that is not full yet, of `window`; expected: by label, what the last windows' scores
    promise.
    """

    source: str | None
    window: int
    n_open: int
    n_windows: int
    changes: Sequence[LabelChange]
    expected: Mapping[str, Expected]

    @property
    def rows(self) -> list[tuple[str, LabelChange]]:
        """The name of what has changed, and how; what is raised and the largest change first."""
        return [(_WHOLE if own.label == EVERY else own.label, own) for own in self.changes]

    @property
    def raised(self) -> str:
        """The names of what is raised, with commas between."""
        return ", ".join(name for name, own in self.rows if own.is_raised)


def make_drift(watch: DriftWatch) -> DriftFigures:
    """What the watch knows now."""
    reference, recent = watch.reference, list(watch.windows)[-N_IN_A_ROW:]
    return DriftFigures(
        source=reference.source if reference else None,
        window=reference.window if reference else WINDOW,
        n_open=watch.n_open,
        n_windows=len(watch.windows),
        changes=by_label(watch.changes),
        expected={own.label: own for own in expect(reduce(add, recent))} if recent else {},
    )

"""Drift as short tables for a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from copydesk.model.drift.changes import N_IN_A_ROW, Change
from copydesk.model.drift.expected import Expected, Rate
from copydesk.model.drift.measures import EVERY
from copydesk.training.reports.drift.findings import WHOLE, Findings, show_time
from copydesk.training.reports.tables import make_table, show_number

_MAX_ROWS = 16  # of a table in a terminal; the page has all


def drift_tables(findings: Findings) -> Iterator[RenderableType]:
    """What has changed, the largest change first; then what each label comes to; then the verdict."""
    first, last = findings.windows[0], findings.windows[-1]
    title = (
        f"{findings.bundle.name} {findings.bundle.digest[:12]}: {len(findings.windows)} windows, "
        f"{show_time(first.start)} to {show_time(last.end)}, beside {findings.reference.source}"
    )
    changes = [change for own in findings.changes for change in own.changes]
    table = make_table(title, "label", "distance", "limit", "times the limit")
    table.add_column("measure")
    for change in changes[:_MAX_ROWS]:
        table.add_row(*_cells(change), style="bold red" if change.is_raised else "")
    yield table
    if len(changes) > _MAX_ROWS:
        yield f"and {len(changes) - _MAX_ROWS} more that changed less; --report shows all"
    yield _label_table(findings)
    yield Text(findings.headline, style="red" if findings.raised else "")


def _cells(change: Change) -> list[str | Text]:
    numbers = [f"{value:.3g}" for value in (change.distances[-1], change.limit.limit)]
    return [
        Text(WHOLE if change.key.label == EVERY else change.key.label),
        *numbers,
        f"{change.size:.2f}",
        change.key.measure,
    ]


def _label_table(findings: Findings) -> RenderableType:
    n = min(N_IN_A_ROW, len(findings.windows))
    title = f"labels in the last {n} window{'s' if n > 1 else ''}, and in the reference"
    table = make_table(
        title, "label", "given to, %", "95 %", "before", "precision expected", "before", "recall", "before"
    )
    for own in findings.labels[:_MAX_ROWS]:
        table.add_row(Text(own.now.label), *_rate_cells(own.now.rate), *_quality_cells(own.before, own.now))
    return table


def _rate_cells(rate: Rate) -> list[str]:
    return [f"{100 * rate.value:.2f}", f"{100 * rate.low:.2f}-{100 * rate.high:.2f}"]


def _quality_cells(before: Expected, now: Expected) -> list[str]:
    pairs = ((now.precision, before.precision), (now.recall, before.recall))
    return [f"{100 * before.rate.value:.2f}", *(show_number(value) for pair in pairs for value in pair)]

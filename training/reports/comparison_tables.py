"""Two bundles side by side as short tables for a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from copydesk.training.release.figures import ERROR, Check
from copydesk.training.release.flips import Flip
from copydesk.training.release.gate import Verdict
from copydesk.training.release.history import MACRO
from copydesk.training.reports.tables import make_table, show_number

_MAX_ROWS = 16  # labels of one table in a terminal; the page has all

_OPENINGS = {"Not good enough": "not good enough", "Cannot tell": "not known to be as good"}


def comparison_tables(verdict: Verdict) -> Iterator[RenderableType]:
    """A table per set of stories, one of the tags that flip, and what it comes to."""
    current = f"{verdict.current.name} {verdict.current.digest[:12]}" if verdict.current else "nothing"
    title = f"{verdict.candidate.name} {verdict.candidate.digest[:12]} beside {current}"
    for place, checks in verdict.checks_by_place():
        table = make_table(
            f"{title}, {place}", "figure", "current", "candidate", "change", "95 %", "tolerated", "noticeable"
        )
        table.add_column("verdict")
        chosen = _choose_rows(checks)
        for check in chosen:
            table.add_row(*_cells(check), style="" if check.is_held else "bold red")
        yield table
        if len(chosen) < len(checks):
            yield f"and {len(checks) - len(chosen)} more labels that changed less; --report shows all"
    yield from _flip_table(verdict.flips)
    for reason in verdict.reasons:
        yield Text(f"{_OPENINGS[verdict.headline]}: {reason}", style="red")


def _choose_rows(checks: Sequence[Check]) -> list[Check]:
    """Those over all labels, those that did not hold, and of the rest those that changed most, in their order."""
    ranked = sorted(checks, key=lambda check: (check.figure not in (MACRO, ERROR), check.is_held, -abs(check.change)))
    chosen = ranked[:_MAX_ROWS] + [check for check in ranked[_MAX_ROWS:] if not check.is_held]
    return [check for check in checks if any(check is one for one in chosen)]


def _cells(check: Check) -> list[str | Text]:
    interval = check.change_interval
    change = [f"{check.change:+z.3f}", f"{interval.low:+z.3f} to {interval.high:+z.3f}"] if interval else ["", ""]
    tolerance = "" if check.tolerance is None else f"{check.tolerance:g}"
    values = (show_number(check.current), show_number(check.candidate))
    noticeable = f"{check.power.least:.3f}" if check.power else ""
    return [Text(check.figure), *values, *change, tolerance, noticeable, Text(check.verdict)]


def _flip_table(flips: Sequence[Flip]) -> Iterator[RenderableType]:
    if not flips:
        return
    n_wrong, n_right = (sum(flip.is_right is right for flip in flips) for right in (False, True))
    title = f"{len(flips)} tag{'s flip' if len(flips) > 1 else ' flips'}: {n_right} right now, {n_wrong} wrong now"
    table = make_table(title, "story", "label", "current", "candidate")
    table.add_column("tag")
    table.add_column("on the")
    for flip in flips[:_MAX_ROWS]:
        cells = (Text(flip.story), Text(flip.label), show_number(flip.current), show_number(flip.candidate))
        table.add_row(*cells, flip.outcome, Text(flip.place), style="red" if flip.is_right is False else "")
    yield table
    if len(flips) > _MAX_ROWS:
        yield f"and {len(flips) - _MAX_ROWS} more tags; --report lists them"

"""Two versions side by side: printed, and written as comparison.json and comparison.html."""

import json
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from copydesk.training.data.check import MIN_EXAMPLES
from copydesk.training.metrics.bootstrap import N_RESAMPLES
from copydesk.training.release.checks import ERROR, MACRO, Check
from copydesk.training.release.gate import Verdict
from copydesk.training.reports.page import page_environment
from copydesk.training.reports.table import make_table

_MAX_ROWS = 16  # labels of one table in a terminal; the page has all


def print_verdict(console: Console, verdict: Verdict) -> None:
    """A table per set of stories, and what it comes to."""
    current = f"{verdict.current.name} {verdict.current.digest[:12]}" if verdict.current else "nothing"
    title = f"{verdict.candidate.name} {verdict.candidate.digest[:12]} beside {current}"
    for place, checks in _by_place(verdict):
        table = make_table(f"{title}, {place}", "figure", "current", "candidate", "change", "95 %", "tolerated", "")
        chosen = _choose_rows(checks)
        for check in chosen:
            table.add_row(*_cells(check), style="" if check.is_held else "bold red")
        console.print(table)
        if len(chosen) < len(checks):
            console.print(f"and {len(checks) - len(chosen)} more labels that changed less; --report shows all")
    for reason in verdict.reasons:
        console.print(f"not good enough: {reason}", markup=False, style="red")


def write_comparison(directory: Path, verdict: Verdict) -> None:
    """comparison.json and comparison.html in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(verdict.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    (directory / "comparison.json").write_text(text + "\n", encoding="utf-8")
    (directory / "comparison.html").write_text(render_comparison(verdict), encoding="utf-8")


def render_comparison(verdict: Verdict) -> str:
    """The page as HTML; everything in it that comes from a file is escaped."""
    template = page_environment().get_template("comparison.html")
    return template.render(
        verdict=verdict, places=_by_place(verdict), n_resamples=N_RESAMPLES, min_examples=MIN_EXAMPLES
    )


def _by_place(verdict: Verdict) -> list[tuple[str, list[Check]]]:
    return [(place, list(checks)) for place, checks in groupby(verdict.checks, key=lambda check: check.place)]


def _choose_rows(checks: list[Check]) -> list[Check]:
    """Those over all labels, those that did not hold, and of the rest those that changed most, in their order."""
    ranked = sorted(checks, key=lambda check: (check.figure not in (MACRO, ERROR), check.is_held, -abs(check.change)))
    chosen = ranked[:_MAX_ROWS] + [check for check in ranked[_MAX_ROWS:] if not check.is_held]
    return [check for check in checks if any(check is one for one in chosen)]


def _cells(check: Check) -> list[str | Text]:
    values = ["" if value is None else f"{value:.3f}" for value in (check.current, check.candidate)]
    interval = check.change_interval
    change = [f"{check.change:+z.3f}", f"{interval.low:+z.3f} to {interval.high:+z.3f}"] if interval else ["", ""]
    tolerance = "" if check.tolerance is None else f"{check.tolerance:g}"
    return [Text(check.figure), *values, *change, tolerance, check.verdict]

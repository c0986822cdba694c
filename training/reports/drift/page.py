"""Drift as drift.json, and as drift.html."""

from pathlib import Path

from markupsafe import Markup

from copydesk.model.drift.changes import N_IN_A_ROW
from copydesk.model.drift.limits import N_WINDOWS, OVER_BY_CHANCE
from copydesk.model.drift.measures import EVERY, MEASURES
from copydesk.training.reports.drift.findings import WHOLE, Findings, show_time
from copydesk.training.reports.drift.plots import plot_scores, plot_windows
from copydesk.training.reports.page import KeyFigure, render_page, write_page


def write_drift(directory: Path, findings: Findings) -> None:
    """drift.json and drift.html in the directory."""
    write_page(directory, "drift", findings.to_json(), render_drift(findings))


def render_drift(findings: Findings) -> str:
    """The page as HTML."""
    return render_page(
        "drift.html",
        findings=findings,
        key_figures=_key_figures(findings),
        plots={"scores": Markup(plot_scores(findings)), "windows": Markup(plot_windows(findings))},
        measures=MEASURES,
        every=EVERY,
        whole=WHOLE,
        n_in_a_row=N_IN_A_ROW,
        n_drawn=N_WINDOWS,
        by_chance=OVER_BY_CHANCE,
    )


def _key_figures(findings: Findings) -> list[KeyFigure]:
    windows, reference = findings.windows, findings.reference
    n_measures = sum(len(own.changes) for own in findings.changes)
    n_raised = sum(change.is_raised for own in findings.changes for change in own.changes)
    n_texts = sum(window.sums.n for window in windows)
    return [
        KeyFigure("raised", str(n_raised), f"of {n_measures} measures"),
        KeyFigure("windows", f"{len(windows):,}", f"the last until {show_time(windows[-1].end)}"),
        KeyFigure("texts", f"{n_texts:,}", f"since {show_time(windows[0].start)}"),
        KeyFigure("reference", f"{reference.sums.n:,}", f"texts, made {reference.made[:10]}"),
    ]

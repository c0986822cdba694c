"""Two bundles side by side as comparison.json, and as comparison.html."""

from pathlib import Path

from copydesk.training.data.check import MIN_EXAMPLES
from copydesk.training.metrics.bootstrap import N_RESAMPLES
from copydesk.training.release.gate import Verdict
from copydesk.training.reports.page import render_page, write_page

_N_FLIPS = 200  # that the page lists; the JSON has all


def write_comparison(directory: Path, verdict: Verdict) -> None:
    """comparison.json and comparison.html in the directory."""
    write_page(directory, "comparison", verdict.to_json(), render_comparison(verdict))


def render_comparison(verdict: Verdict) -> str:
    """The page as HTML."""
    return render_page(
        "comparison.html",
        verdict=verdict,
        flips=verdict.flips[:_N_FLIPS],
        places=verdict.checks_by_place(),
        n_resamples=N_RESAMPLES,
        min_examples=MIN_EXAMPLES,
    )

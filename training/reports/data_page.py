"""The data check as data.json, and as data.html."""

from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from copydesk.training.data.profile import Profile
from copydesk.training.reports.data_plots import plot_labels, plot_lengths, plot_together
from copydesk.training.reports.page import KeyFigure, render_page, write_page

_N_ROWS = 200  # of a table of the page; data.json has all


def write_data(directory: Path, data: Profile) -> None:
    """data.json and data.html in the directory."""
    write_page(directory, "data", data.to_json(), render_data(data))


def render_data(data: Profile) -> str:
    """The page as HTML."""
    kinds = groupby(sorted(data.faults, key=lambda fault: fault.kind), key=lambda fault: fault.kind)
    return render_page(
        "data.html",
        data=data,
        key_figures=_key_figures(data),
        faults={kind: list(faults) for kind, faults in kinds},
        plots=_plots(data),
        most=max((count.n_stories for count in data.labels.values()), default=1),
        n_rows=_N_ROWS,
    )


def _key_figures(data: Profile) -> list[KeyFigure]:
    unlabelled = data.stories_by_n_labels.get(0, 0)
    quantiles = data.length_quantiles()
    return [
        KeyFigure("stories", f"{data.n_stories:,}", f"{unlabelled:,} without a label"),
        KeyFigure("labels", str(len(data.labels)), f"{_mean_labels(data):.2f} per story"),
        KeyFigure("faults", str(len(data.faults)), "stop training" if data.faults else "ready to train"),
        KeyFigure("worth a second look", str(len(data.doubted)), "labels that a simple model doubts"),
        KeyFigure("median length", f"{quantiles['median']:,}", f"words; the longest {quantiles['longest']:,}"),
    ]


def _mean_labels(data: Profile) -> float:
    return sum(n * count for n, count in data.stories_by_n_labels.items()) / max(1, data.n_stories)


def _plots(data: Profile) -> dict[str, Markup]:
    """The plots that can be drawn, by name; matplotlib escapes the labels in them."""
    plots = {"lengths": plot_lengths(data)} if data.n_words else {}
    if data.labels:
        plots["labels"] = plot_labels(data)
    if data.together:
        plots["together"] = plot_together(data)
    return {name: Markup(svg) for name, svg in plots.items()}

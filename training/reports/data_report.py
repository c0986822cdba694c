"""The data check as data.json, and as data.html: one web page that needs nothing from elsewhere."""

import json
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from copydesk.training.data.measures import DataMeasures
from copydesk.training.reports.data_plots import plot_labels, plot_lengths, plot_together
from copydesk.training.reports.page import Headline, page_environment

_N_ROWS = 200  # of a table of the page; data.json has all


def write_data_report(directory: Path, data: DataMeasures) -> None:
    """data.json and data.html in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    (directory / "data.json").write_text(text + "\n", encoding="utf-8")
    (directory / "data.html").write_text(render_data_page(data), encoding="utf-8")


def render_data_page(data: DataMeasures) -> str:
    """The page as HTML; everything in it that comes from a file is escaped."""
    kinds = groupby(sorted(data.faults, key=lambda fault: fault.kind), key=lambda fault: fault.kind)
    return (
        page_environment()
        .get_template("data.html")
        .render(
            data=data,
            headlines=_headlines(data),
            faults={kind: list(faults) for kind, faults in kinds},
            figures=_figures(data),
            most=max((count.n_stories for count in data.labels.values()), default=1),
            n_rows=_N_ROWS,
        )
    )


def _headlines(data: DataMeasures) -> list[Headline]:
    unlabelled = data.stories_by_n_labels.get(0, 0)
    quantiles = data.length_quantiles()
    return [
        Headline("stories", f"{data.n_stories:,}", f"{unlabelled:,} without a label"),
        Headline("labels", str(len(data.labels)), f"{_mean_labels(data):.2f} per story"),
        Headline("faults", str(len(data.faults)), "stop training" if data.faults else "ready to train"),
        Headline("worth a second look", str(len(data.doubted)), "labels that a simple model doubts"),
        Headline("median length", f"{quantiles['median']:,}", f"words; the longest {quantiles['longest']:,}"),
    ]


def _mean_labels(data: DataMeasures) -> float:
    return sum(n * count for n, count in data.stories_by_n_labels.items()) / max(1, data.n_stories)


def _figures(data: DataMeasures) -> dict[str, Markup]:
    """The figures that can be drawn, by name; matplotlib escapes the labels in them."""
    figures = {"lengths": plot_lengths(data)} if data.n_words else {}
    if data.labels:
        figures["labels"] = plot_labels(data)
    if data.together:
        figures["together"] = plot_together(data)
    return {name: Markup(svg) for name, svg in figures.items()}

"""Figures as SVG that takes its text colour from the page around it, so that it reads in light and dark."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#3b82d6", "#e2633b", "#16a08d", "#b04ac2", "#c99011", "#7466e8", "#6a9a2d", "#cf4d77")
INK = "#0e0d0c"  # stands for the page's text colour
_STYLE: dict[Any, Any] = {  # Any: matplotlib types its settings key by key
    "text.parse_math": False,  # a label may hold a dollar sign
    "svg.fonttype": "none",
    "font.size": 9.0,
    "font.sans-serif": ["DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "legend.frameon": False,
    "grid.alpha": 0.15,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "grid.color": INK,
}
_COLUMNS = 4
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@contextmanager
def plot_style() -> Iterator[None]:
    """Everything drawn and saved inside has the report's style."""
    with mpl.rc_context(_STYLE):
        yield


def make_panels(n_panels: int) -> tuple[Figure, list[Axes]]:
    """A figure of small panels, four to a row."""
    n_rows, n_columns = ceil(n_panels / _COLUMNS), min(n_panels, _COLUMNS)
    figure = Figure(figsize=(2.6 * max(n_columns, 2), 2.5 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel().tolist()
    for unused in axes[n_panels:]:
        unused.set_axis_off()
    return figure, axes[:n_panels]


def to_svg(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element; `name` keeps its ids apart from those of other figures on the page."""
    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata=_NO_METADATA)
    text = file.getvalue()
    svg = text[text.index("<svg") :].replace(INK, "currentColor")
    for mark in ('id="', "url(#", 'href="#'):  # matplotlib numbers figure_1, axes_1 ... anew in every figure
        svg = svg.replace(mark, f"{mark}{name}-")
    return svg

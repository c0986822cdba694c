"""A plot of how a service fares under more load than it can bear."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from copydesk.training.reports.plots import COLOURS, INK, plot_style, to_svg

_OURS = "copydesk"
_LEGEND_ROOM = 1.4
Row = dict[str, Any]  # Any: numbers and names of http.json


def plot_load(rows: Sequence[Row]) -> str:
    """Articles/s and waits over the offered load, as SVG, from the rows of http.json."""
    ours = [row for row in rows if row["service, load"].startswith(f"{_OURS}, ") and row["service, load"].endswith("x")]
    peers = {
        row["service, load"].partition(",")[0]: row["good/s"]
        for row in rows
        if row["service, load"].endswith("clients") and not row["service, load"].startswith(_OURS)
    }
    with plot_style():
        figure = Figure(figsize=(8.4, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        _plot_rates(left, ours, peers)
        _plot_waits(right, ours)
        for axis in (left, right):
            axis.set_xscale("log")
            axis.set_xticks([row["sent/s"] for row in ours], [row["service, load"].rpartition(" ")[2] for row in ours])
            axis.minorticks_off()
            axis.set_xlabel("arrivals, times the capacity")
            axis.grid(visible=True, axis="y")
            axis.legend(fontsize=8)
        # A file of its own takes no colour from the page around it: black on white reads anywhere.
        return to_svg(figure, "load").replace("<svg", '<svg style="background: #fff"', 1) + "\n"


def _plot_rates(axis: Axes, ours: Sequence[Row], peers: dict[str, float]) -> None:
    offered = [row["sent/s"] for row in ours]
    axis.plot(offered, [row["good/s"] for row in ours], "o-", color=COLOURS[1], label=f"{_OURS}, answered")
    for (name, rate), style in zip(peers.items(), (":", "--"), strict=False):
        axis.axhline(rate, color=INK, linewidth=0.9, linestyle=style, label=f"{name} with 16 clients")
    axis.set_ylim(0, _LEGEND_ROOM * max([*(row["good/s"] for row in ours), *peers.values()]))
    axis.set_title("Articles/s")


def _plot_waits(axis: Axes, ours: Sequence[Row]) -> None:
    for column, label, colour in (
        ("p99 ms", "answers, p99", COLOURS[1]),
        ("p50 ms", "answers, p50", COLOURS[4]),
        ("ref. p99", "refusals, p99", COLOURS[0]),
    ):
        found = [(row["sent/s"], row[column]) for row in ours if row[column] is not None]
        if found:
            axis.plot(*zip(*found, strict=True), "o-", color=colour, label=label)
    axis.set_yscale("log")
    axis.set_ylim(top=axis.get_ylim()[1] ** _LEGEND_ROOM)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.set_title("Milliseconds")

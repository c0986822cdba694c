"""Plots of summaries: gains over the lead, editors' credit, and where in the article the chosen sentences stand."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from copydesk.training.evaluation.editors import EDITORS, EditorsReport
from copydesk.training.evaluation.summaries import SummaryReport
from copydesk.training.evaluation.systems import LATER, LEAD, OURS
from copydesk.training.metrics.credit import FIGURES
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.reports.plots import COLOURS, INK, plot_style, to_svg

KIND_NAMES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeLsum": "ROUGE-Lsum"}
_SYSTEM_COLOURS = {
    OURS: COLOURS[1],
    "oracle": COLOURS[2],
    EDITORS: COLOURS[2],
    LEAD: INK,
    "TextRank": COLOURS[0],
    "centroid": COLOURS[5],
}


def plot_gains(report: SummaryReport) -> str:
    """Points of ROUGE that our summaries and the other systems' gain on the lead, per group, with intervals."""
    systems = [name for name in report.groups["all"] if name not in (LEAD, "oracle")]
    groups = list(report.groups)
    with plot_style():
        figure = Figure(figsize=(10.4, 1.1 + 0.5 * len(groups)), layout="constrained")
        for axis, kind in zip(figure.subplots(1, len(KINDS), sharey=True), KINDS, strict=True):
            axis.axvline(0, color=INK, linewidth=0.8)
            for n, system in enumerate(systems):
                gains = [report.groups[group][system].over_lead or {} for group in groups]
                means = np.array([gain[kind].mean for gain in gains])
                ends = [(gain[kind].interval.low, gain[kind].interval.high) for gain in gains]
                spread = np.abs(np.array(ends).T - means)  # [2, groups]
                rows = np.arange(len(groups)) + 0.22 * (n - (len(systems) - 1) / 2)
                colour = _SYSTEM_COLOURS[system]
                axis.errorbar(means, rows, xerr=spread, fmt="o", markersize=5, color=colour, label=system)
            axis.set_title(KIND_NAMES[kind])
            axis.set(xlabel="points over Lead-3", ylim=(len(groups) - 0.5, -0.5))
            axis.grid(visible=True, axis="x")
            axis.set_yticks(range(len(groups)), groups)
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower right", ncols=len(systems))
        return to_svg(figure, "gains")


def plot_credit(report: EditorsReport) -> str:
    """Each system's credit, furniture and dangling sentences, with intervals."""
    systems = list(report.systems)
    with plot_style():
        figure = Figure(figsize=(10.4, 0.9 + 0.35 * len(systems)), layout="constrained")
        for axis, name in zip(figure.subplots(1, len(FIGURES), sharey=True), FIGURES, strict=True):
            for row, system in enumerate(systems):
                scores = report.systems[system]
                mean, ends = scores.mean[name], scores.interval[name]
                colour = _SYSTEM_COLOURS[system]
                axis.hlines(row, ends.low, ends.high, color=colour, linewidth=1.5)
                axis.plot(mean, row, "o", markersize=5, color=colour, clip_on=False)
            axis.set_title(name)
            axis.set(xlim=(0, None), ylim=(-0.5, len(systems) - 0.5), xlabel="per chosen sentence")
            axis.grid(visible=True, axis="x")
            axis.set_yticks(range(len(systems)), systems)
        return to_svg(figure, "credit")


def plot_positions(positions: Mapping[str, Sequence[int]], name: str) -> str:
    """Share of each system's chosen sentences that stand first, second, ... in their article; the lead's are known."""
    systems = [system for system in _SYSTEM_COLOURS if system in positions and system != LEAD]
    with plot_style():
        figure = Figure(figsize=(10.4, 2.8), layout="constrained")
        axis = figure.subplots()
        for n, system in enumerate(systems):
            width = 0.84 / len(systems)
            places = np.arange(LATER + 1) - 0.42 + width * n
            colour = _SYSTEM_COLOURS[system]
            axis.bar(places, _shares(positions[system]), width, align="edge", color=colour, label=system)
        axis.set_xticks(range(LATER + 1), [*map(str, range(1, LATER + 1)), "later"])
        axis.set(xlabel="sentence of the article", ylabel="% of chosen sentences", xlim=(-0.6, LATER + 0.6))
        axis.grid(visible=True, axis="y")
        axis.set_axisbelow(True)
        axis.legend(ncols=len(systems))
        return to_svg(figure, name)


def _shares(counts: Sequence[int]) -> list[float]:
    return [100 * count / max(1, sum(counts)) for count in counts]

"""Plots of drift: each label's scores beside the reference's, and the distances over time."""

import numpy as np

from copydesk.model.drift.columns import SCORE_EDGES, Floats
from copydesk.model.drift.measures import EVERY
from copydesk.model.drift.sums import Sums
from copydesk.training.reports.drift.findings import Findings
from copydesk.training.reports.plots import COLOURS, INK, make_panels, plot_style, to_svg

_MAX_PANELS = 12  # labels shown: those that have changed most
_MAX_LINES = 8
_SHARES = (0.001, 0.01, 0.1, 1)  # marked, on a scale of powers of ten
_MARKED = (0.1, 0.5, 0.9)  # scores


def plot_scores(findings: Findings) -> str:
    """Histograms of the scores of the labels that have changed most: grey in the reference, in colour now."""
    labels = [own.now.label for own in findings.labels[:_MAX_PANELS]]
    places = range(len(SCORE_EDGES) + 1)
    marks = [SCORE_EDGES.index(score) + 0.5 for score in _MARKED]  # between the bins that it parts
    with plot_style():
        figure, axes = make_panels(len(labels))
        for n, (axis, label) in enumerate(zip(axes, labels, strict=True)):
            before, now = (_shares(sums, label) for sums in (findings.reference.sums, findings.recent))
            axis.bar(places, before, color=INK, alpha=0.25, width=0.9)
            axis.step(places, now, where="mid", color=COLOURS[n % len(COLOURS)], linewidth=1.6)
            axis.set(title=label, yscale="log", ylim=(_SHARES[0], 1.3), xlabel="score")
            axis.set_xticks(marks, [f"{score:g}" for score in _MARKED])
            axis.set_yticks(_SHARES, [f"{share:g}" for share in _SHARES])
            axis.minorticks_off()
        return to_svg(figure, "drift-scores")


def plot_windows(findings: Findings) -> str:
    """Distances over the windows, in limits, of what has changed most; a line of its own for each."""
    changes = [own.changes[0] for own in findings.changes[:_MAX_LINES]]
    with plot_style():
        figure, (axis,) = make_panels(1)
        figure.set_size_inches(8, 2.8)
        numbers = range(1, len(findings.windows) + 1)
        for n, change in enumerate(changes):
            sizes = np.array(change.distances) / change.limit.limit
            name = change.key.measure if change.key.label == EVERY else f"{change.key.label}, {change.key.measure}"
            axis.plot(numbers, sizes, "o-", markersize=3, color=COLOURS[n], linewidth=1.4, label=name)
        axis.axhline(1, color=INK, linewidth=1, linestyle=(0, (2, 2)))
        axis.set(xlabel="window", ylabel="times its limit", ylim=(0, None))
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        return to_svg(figure, "drift-windows")


def _shares(sums: Sums, label: str) -> Floats:
    counts = sums.total("scores").reshape(len(sums.labels), -1)[sums.labels.index(label)]
    shares: Floats = counts / max(1.0, counts.sum())
    return shares

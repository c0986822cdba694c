"""Plots of tag quality, a panel per label: precision and recall, reliability, scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import precision_recall_curve

from copydesk.model.output.tags import LabelRule
from copydesk.training.metrics.quality import Floats, calibration_bins
from copydesk.training.reports.plots import COLOURS, INK, make_panels, plot_style, to_svg

_MAX_PANELS = 12  # labels shown: those with most stories


@dataclass(frozen=True)
class Panel:
    """One label's known stories. targets: [stories], 1 or 0; scores and raw_scores: [stories], with and without
    calibration."""

    rule: LabelRule
    colour: str
    targets: Floats
    scores: Floats
    raw_scores: Floats


def make_label_panels(targets: Floats, scores: Floats, raw: Floats, rules: Sequence[LabelRule]) -> list[Panel]:
    """The panels of the labels with most stories, in the bundle's order. Arrays: [stories, labels]."""
    support = (targets > 0).sum(axis=0)
    shown = sorted(np.argsort(-support, kind="stable")[:_MAX_PANELS].tolist())
    known = targets >= 0
    return [
        Panel(rules[i], COLOURS[n % len(COLOURS)], *(values[known[:, i], i] for values in (targets, scores, raw)))
        for n, i in enumerate(shown)
        if support[i]
    ]


def plot_precision_recall(panels: Sequence[Panel]) -> str:
    """Precision over recall, with a dot where the threshold stands."""
    with plot_style():
        figure, axes = make_panels(len(panels))
        for axis, panel in zip(axes, panels, strict=True):
            precision, recall, _ = precision_recall_curve(panel.targets, panel.scores)
            axis.step(recall, precision, where="post", color=panel.colour, linewidth=1.8)
            axis.fill_between(recall, precision, step="post", color=panel.colour, alpha=0.12, linewidth=0)
            given = panel.scores >= panel.rule.threshold
            hits = (panel.targets[given] > 0).sum()
            if hits:
                axis.plot(hits / panel.targets.sum(), hits / given.sum(), "o", color=panel.colour, markersize=7)
            _frame(axis, panel, "recall", "precision")
            axis.set(xlim=(0, 1.02), ylim=(0, 1.02))
        return to_svg(figure, "precision-recall")


def plot_reliability(panels: Sequence[Panel]) -> str:
    """Share of positives over score, before (grey) and after calibration; a dot's area is its number of stories."""
    with plot_style():
        figure, axes = make_panels(len(panels))
        for axis, panel in zip(axes, panels, strict=True):
            axis.plot([0, 1], [0, 1], color=INK, alpha=0.3, linewidth=0.8)
            _draw_bins(axis, panel.targets, panel.raw_scores, INK, 0.4)
            _draw_bins(axis, panel.targets, panel.scores, panel.colour, 1.0)
            _frame(axis, panel, "score", "share of positives")
            axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        return to_svg(figure, "reliability")


def plot_scores(panels: Sequence[Panel]) -> str:
    """Scores of stories with the label (up) and without it (down, grey), as shares; a line at the threshold."""
    edges = np.linspace(0, 1, 21)
    with plot_style():
        figure, axes = make_panels(len(panels))
        for axis, panel in zip(axes, panels, strict=True):
            for is_positive, colour, alpha in ((True, panel.colour, 0.9), (False, INK, 0.35)):
                counts, _ = np.histogram(panel.scores[(panel.targets > 0) == is_positive], edges)
                shares = counts / max(1, counts.sum()) * (1 if is_positive else -1)
                axis.bar(edges[:-1], shares, width=0.046, align="edge", color=colour, alpha=alpha)
            axis.axhline(0, color=INK, linewidth=0.6)
            axis.axvline(panel.rule.threshold, color=INK, linewidth=1, linestyle=(0, (2, 2)))
            _frame(axis, panel, "score", "without | with")
            axis.set(xlim=(-0.01, 1.01), ylim=(-1, 1), yticks=[-1, -0.5, 0, 0.5, 1])
            axis.set_yticklabels(["1", "½", "0", "½", "1"])
        return to_svg(figure, "scores")


def _draw_bins(axis: Axes, targets: Floats, scores: Floats, colour: str, alpha: float) -> None:
    bins = calibration_bins(targets, scores)
    score, share = [part.score for part in bins], [part.positives for part in bins]
    area = [12 + 120 * part.n_stories / len(targets) for part in bins]
    axis.plot(score, share, color=colour, alpha=alpha, linewidth=1.2)
    axis.scatter(score, share, s=area, color=colour, alpha=0.75 * alpha, linewidths=0)


def _frame(axis: Axes, panel: Panel, x: str, y: str) -> None:
    axis.set_title(panel.rule.label)
    axis.set(xlabel=x, ylabel=y)
    axis.grid(visible=True)
    axis.set_axisbelow(True)

"""Plots of labelled stories: how many each label has, how long they are, which labels stand together."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from copydesk.training.data.profile import Profile
from copydesk.training.reports.plots import COLOURS, INK, plot_style, to_svg

_MAX_LABELS = 30
_MAX_TOGETHER = 16
_MIN_SHARE = 0.005  # that is written out
_MAX_WORDS = 3000  # longer texts stand in the last bar


def plot_labels(data: Profile) -> str:
    """Stories per label as bars; the doubted ones among them in a second colour."""
    ranked = sorted(data.labels.items(), key=lambda pair: pair[1].n_stories)[-_MAX_LABELS:]
    names, counts = [label for label, _ in ranked], [count.n_stories for _, count in ranked]
    with plot_style():
        figure, axis = _figure(0.6 + 0.19 * len(ranked))
        axis.barh(names, counts, color=COLOURS[0], height=0.7)
        for i, n in enumerate(counts):
            axis.annotate(f"{n:,}", (n, i), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
        axis.set(xlabel="stories", ylim=(-0.6, len(names) - 0.4), xlim=(0, 1.1 * max(counts)))
        axis.tick_params(axis="y", length=0)
        return to_svg(figure, "labels")


def plot_lengths(data: Profile) -> str:
    """How many stories have how many words."""
    with plot_style():
        figure, axis = _figure(2.4)
        n_words = np.minimum(data.n_words, _MAX_WORDS)
        axis.hist(n_words, bins=40, color=COLOURS[2], rwidth=0.9)
        axis.axvline(float(np.median(n_words)), color=INK, linewidth=1, linestyle=(0, (2, 2)))
        axis.set(xlabel=f"words ({_MAX_WORDS:,}: or more)" if max(n_words) == _MAX_WORDS else "words", ylabel="stories")
        return to_svg(figure, "lengths")


def plot_together(data: Profile) -> str:
    """Of the stories with the label of the row, the share that carry the label of the column."""
    names = sorted(data.labels, key=lambda label: -data.labels[label].n_stories)[:_MAX_TOGETHER]
    shares = np.array([[data.share_with(row, column) for column in names] for row in names])
    with plot_style():
        figure, axis = _figure(1.4 + 0.32 * len(names))
        apart = np.where(np.eye(len(names)) > 0, 0.0, shares)
        colours = np.dstack([*(np.full_like(apart, part) for part in to_rgb(COLOURS[0])), 0.8 * apart])
        axis.imshow(colours, aspect="auto")  # clear where nothing is: the page may be dark
        for i, j in np.argwhere(apart >= _MIN_SHARE):
            axis.text(j, i, f"{apart[i, j]:.0%}", ha="center", va="center", fontsize=7.5)
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axis.set_yticks(range(len(names)), names)
        axis.tick_params(length=0)
        return to_svg(figure, "together")


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, height), layout="constrained")
    return figure, figure.subplots()

"""The evaluation of a bundle as report.json, and as report.html."""

from pathlib import Path

from markupsafe import Markup

from copydesk.training.evaluation.editors import EDITORS, EditorsReport
from copydesk.training.evaluation.measure import BundleMeasures, TagMeasures
from copydesk.training.evaluation.summaries import SummaryReport
from copydesk.training.evaluation.systems import LEAD, OURS, SystemScores
from copydesk.training.metrics.bootstrap import N_RESAMPLES
from copydesk.training.metrics.credit import CREDIT, FIGURES
from copydesk.training.metrics.quality import N_BINS
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.reports.page import KeyFigure, render_page, write_page
from copydesk.training.reports.summary_plots import KIND_NAMES, plot_credit, plot_gains, plot_positions
from copydesk.training.reports.tag_plots import make_label_panels, plot_precision_recall, plot_reliability, plot_scores


def write_evaluation(directory: Path, measures: BundleMeasures) -> None:
    """report.json and report.html in the directory."""
    write_page(directory, "report", measures.to_json(), render_evaluation(measures))


def render_evaluation(measures: BundleMeasures) -> str:
    """The page as HTML."""
    return render_page(
        "evaluation.html",
        bundle=measures.bundle,
        tags=measures.tags,
        summaries=measures.summaries,
        editors=measures.editors,
        key_figures=_key_figures(measures),
        plots=_plots(measures),
        ours=OURS,
        editors_name=EDITORS,
        figures=FIGURES,
        kinds=[(kind, KIND_NAMES[kind]) for kind in KINDS],
        n_bins=N_BINS,
        n_resamples=N_RESAMPLES,
    )


def _key_figures(measures: BundleMeasures) -> list[KeyFigure]:
    tags = _tag_figures(measures.tags) if measures.tags else []
    summaries = _summary_figures(measures.summaries) if measures.summaries else []
    return tags + summaries + (_credit_figures(measures.editors) if measures.editors else [])


def _tag_figures(tags: TagMeasures) -> list[KeyFigure]:
    report = tags.report
    interval = report.macro_f1_interval
    figures = [KeyFigure("macro-F1", f"{report.macro_f1:.3f}", f"95 %: {interval.low:.3f} to {interval.high:.3f}")]
    if tags.baselines:
        name, best = max(tags.baselines.items(), key=lambda pair: pair[1].macro_f1)
        figures.append(KeyFigure("over the best baseline", f"{report.macro_f1 - best.macro_f1:+.3f}", name))
    present = {label: quality for label, quality in report.labels.items() if quality.support}
    if present:
        label, weakest = min(present.items(), key=lambda pair: pair[1].f1)
        figures.append(KeyFigure("weakest label's F1", f"{weakest.f1:.3f}", label))
    label, worst = max(report.labels.items(), key=lambda pair: pair[1].ece)
    return [*figures, KeyFigure("largest calibration error", f"{worst.ece:.3f}", label)]


def _summary_figures(report: SummaryReport) -> list[KeyFigure]:
    ours: SystemScores = report.groups["all"][OURS]
    return [
        KeyFigure(f"{KIND_NAMES[kind]} over {LEAD}", f"{gain.mean:+.2f}", f"p = {gain.p:.4f}")
        for kind, gain in (ours.over_lead or {}).items()
    ]


def _credit_figures(report: EditorsReport) -> list[KeyFigure]:
    ours = report.systems[OURS]
    gain, interval = (ours.over_lead or {})[CREDIT], ours.interval[CREDIT]
    return [
        KeyFigure("editors' credit", f"{ours.mean[CREDIT]:.3f}", f"95 %: {interval.low:.3f} to {interval.high:.3f}"),
        KeyFigure(f"credit over {LEAD}", f"{gain.mean:+.3f}", f"p = {gain.p:.4f}"),
    ]


def _plots(measures: BundleMeasures) -> dict[str, Markup]:
    """The plots that can be drawn, by name; matplotlib escapes the labels in them."""
    plots: dict[str, str] = {}
    if tags := measures.tags:
        panels = make_label_panels(tags.targets, tags.scores, tags.raw_scores, measures.bundle.rules)
        if panels:
            plots["precision_recall"] = plot_precision_recall(panels)
            plots["reliability"] = plot_reliability(panels)
            plots["scores"] = plot_scores(panels)
    if measures.summaries:
        plots["gains"] = plot_gains(measures.summaries)
        plots["positions"] = plot_positions(measures.summaries.positions, "positions")
    if measures.editors:
        plots["credit"] = plot_credit(measures.editors)
        plots["editors_positions"] = plot_positions(measures.editors.positions, "editors-positions")
    return {name: Markup(svg) for name, svg in plots.items()}

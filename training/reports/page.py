"""The evaluation as one web page that needs nothing from elsewhere."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from copydesk.training.evaluation.measure import Measured, TagMeasures
from copydesk.training.evaluation.summaries import LEAD, OURS, SummaryReport, SystemScores
from copydesk.training.metrics.bootstrap import N_RESAMPLES
from copydesk.training.metrics.quality import N_BINS
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.reports.summary_plots import KIND_NAMES, plot_gains, plot_positions
from copydesk.training.reports.tag_plots import make_label_panels, plot_precision_recall, plot_reliability, plot_scores


@dataclass(frozen=True)
class Headline:
    """A figure that stands large at the top."""

    name: str
    value: str
    note: str


def render_page(measured: Measured) -> str:
    """The page as HTML; everything in it that comes from a file is escaped."""
    return (
        page_environment()
        .get_template("report.html")
        .render(
            bundle=measured.bundle,
            tags=measured.tags,
            summaries=measured.summaries,
            headlines=_headlines(measured),
            figures=_figures(measured),
            ours=OURS,
            kinds=[(kind, KIND_NAMES[kind]) for kind in KINDS],
            n_bins=N_BINS,
            n_resamples=N_RESAMPLES,
        )
    )


def page_environment() -> Environment:
    """Where pages come from: a name that is missing is an error."""
    return Environment(
        loader=PackageLoader("copydesk.training.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _headlines(measured: Measured) -> list[Headline]:
    tags = _tag_headlines(measured.tags) if measured.tags else []
    return tags + (_summary_headlines(measured.summaries) if measured.summaries else [])


def _tag_headlines(tags: TagMeasures) -> list[Headline]:
    report = tags.report
    interval = report.macro_f1_interval
    lines = [Headline("macro-F1", f"{report.macro_f1:.3f}", f"95 %: {interval.low:.3f} to {interval.high:.3f}")]
    if tags.baselines:
        name, best = max(tags.baselines.items(), key=lambda pair: pair[1].macro_f1)
        lines.append(Headline("over the best baseline", f"{report.macro_f1 - best.macro_f1:+.3f}", name))
    measured = {label: quality for label, quality in report.labels.items() if quality.support}
    if measured:
        label, weakest = min(measured.items(), key=lambda pair: pair[1].f1)
        lines.append(Headline("weakest label's F1", f"{weakest.f1:.3f}", label))
    label, worst = max(report.labels.items(), key=lambda pair: pair[1].ece)
    return [*lines, Headline("largest calibration error", f"{worst.ece:.3f}", label)]


def _summary_headlines(report: SummaryReport) -> list[Headline]:
    ours: SystemScores = report.groups["all"][OURS]
    return [
        Headline(f"{KIND_NAMES[kind]} over {LEAD}", f"{gain.mean:+.2f}", f"p = {gain.p:.4f}")
        for kind, gain in (ours.over_lead or {}).items()
    ]


def _figures(measured: Measured) -> dict[str, Markup]:
    """The figures that can be drawn, by name; matplotlib escapes the labels in them."""
    figures: dict[str, str] = {}
    if tags := measured.tags:
        panels = make_label_panels(tags.targets, tags.scores, tags.raw_scores, measured.bundle.rules)
        if panels:
            figures["precision_recall"] = plot_precision_recall(panels)
            figures["reliability"] = plot_reliability(panels)
            figures["scores"] = plot_scores(panels)
    if measured.summaries:
        figures["gains"] = plot_gains(measured.summaries)
        figures["positions"] = plot_positions(measured.summaries)
    return {name: Markup(svg) for name, svg in figures.items()}

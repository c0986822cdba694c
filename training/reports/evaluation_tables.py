"""The evaluation of a bundle as short tables for a terminal."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from copydesk.training.evaluation.editors import EDITORS, EditorsReport
from copydesk.training.evaluation.measure import BundleMeasures
from copydesk.training.evaluation.slices import length_names
from copydesk.training.evaluation.summaries import SummaryReport
from copydesk.training.evaluation.systems import LEAD, OURS, SystemScores
from copydesk.training.evaluation.tags import TagReport
from copydesk.training.metrics.credit import CREDIT, DANGLING, FURNITURE
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.reports.tables import make_table, show_number


def evaluation_tables(measures: BundleMeasures) -> Iterator[RenderableType]:
    """Tags, then summaries, by references and by editors."""
    if measures.tags:
        yield from _tag_tables(measures.tags.report, measures.tags.baselines)
    if measures.summaries:
        yield from _summary_tables(measures.summaries)
    if measures.editors:
        yield from _editors_table(measures.editors)


def _tag_tables(report: TagReport, baselines: Mapping[str, TagReport] | None) -> Iterator[RenderableType]:
    """Quality per label, then ours beside the baselines."""
    table = make_table(
        f"tags on {report.n_stories} stories", "label", "precision", "recall", "F1", "AP", "ECE", "stories"
    )
    for label, quality in report.labels.items():
        numbers = (quality.precision, quality.recall, quality.f1, quality.average_precision, quality.ece)
        table.add_row(Text(label), *map(show_number, numbers), str(quality.support))
    yield table
    table = make_table("beside baselines", "system", "macro-F1", "95 %", "micro-F1", "all labels right")
    for name, system in {OURS: report, **(baselines or {})}.items():
        interval = system.macro_f1_interval
        table.add_row(
            name,
            show_number(system.macro_f1),
            f"{interval.low:.3f}-{interval.high:.3f}",
            show_number(system.micro_f1),
            f"{system.subset_accuracy:.1%}",
            style=_style(name),
        )
    yield table
    if baselines is None:
        yield "no baselines: the corpus lacks some of the labels; name their stories with --train-data"


def _summary_tables(report: SummaryReport) -> Iterator[RenderableType]:
    """A table per source, ours and the others by rising ROUGE."""
    groups = [name for name in report.groups if name not in length_names()]
    for group in groups[1:] or groups:
        title = f"summaries of {report.n_articles[group]} articles, {group}"
        table = make_table(title, "system", "ROUGE-1", "ROUGE-2", "ROUGE-Lsum", f"over {LEAD}", "p")
        for name, scores in report.groups[group].items():
            means = (f"{scores.mean[kind]:.2f}" for kind in KINDS)
            table.add_row(name, *means, *_gain(scores), style=_style(name))
        yield table
    if report.n_left_out:
        yield f"{report.n_left_out} articles left out: no text that can be analysed, or no reference"


def _editors_table(report: EditorsReport) -> Iterator[RenderableType]:
    """The systems by rising credit, the editors last."""
    title = f"summaries of {report.n_articles} articles, by what editors would print"
    table = make_table(title, "system", f"{CREDIT} (95 %)", f"over {LEAD} (95 %)", FURNITURE, DANGLING)
    for name, scores in report.systems.items():
        spread, gain = scores.interval[CREDIT], (scores.over_lead or {}).get(CREDIT)
        table.add_row(
            name,
            f"{scores.mean[CREDIT]:.3f} ({spread.low:.3f}-{spread.high:.3f})",
            f"{gain.mean:+z.3f} ({gain.interval.low:+z.3f} to {gain.interval.high:+z.3f})" if gain else "",
            show_number(scores.mean[FURNITURE]),
            show_number(scores.mean[DANGLING]),
            style=_style(name),
        )
    yield table
    if EDITORS in report.systems:
        yield f"{EDITORS}: the key of each, judged by the others"
    if report.n_without:
        yield f"{report.n_without} articles have no summary of numbered sentences: they earn nothing"
    table = make_table("marks, by the sentences' scores", "mark", "AP", "by chance", "sentences")
    for mark, quality in report.marks.items():
        table.add_row(mark, show_number(quality.average_precision), f"{quality.share:.3f}", f"{quality.n_sentences:,}")
    yield table


def _gain(scores: SystemScores) -> tuple[str, str]:
    if scores.over_lead is None:
        return "", ""
    gains = [scores.over_lead[kind] for kind in KINDS]
    return " / ".join(f"{gain.mean:+.2f}" for gain in gains), f"{max(gain.p for gain in gains):.4f}"


def _style(system: str) -> str:
    return "bold" if system == OURS else ""

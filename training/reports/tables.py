"""The evaluation as short tables for a terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from copydesk.training.evaluation.slices import length_names
from copydesk.training.evaluation.summaries import LEAD, OURS, SummaryReport, SystemScores
from copydesk.training.evaluation.tags import TagReport
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.reports.table import make_table


def print_tags(console: Console, report: TagReport, baselines: Mapping[str, TagReport] | None) -> None:
    """Quality per label, then ours beside the baselines."""
    table = make_table(
        f"tags on {report.n_stories} stories", "label", "precision", "recall", "F1", "AP", "ECE", "stories"
    )
    for label, quality in report.labels.items():
        numbers = (quality.precision, quality.recall, quality.f1, quality.average_precision, quality.ece)
        table.add_row(Text(label), *map(_number, numbers), str(quality.support))
    console.print(table)
    table = make_table("beside baselines", "system", "macro-F1", "95 %", "micro-F1", "all labels right")
    for name, system in {OURS: report, **(baselines or {})}.items():
        interval = system.macro_f1_interval
        spread = f"{interval.low:.3f}-{interval.high:.3f}"
        table.add_row(
            name,
            _number(system.macro_f1),
            spread,
            _number(system.micro_f1),
            f"{system.subset_accuracy:.1%}",
            style=_style(name),
        )
    console.print(table)
    if baselines is None:
        console.print("no baselines: the corpus lacks some of the labels; name their stories with --train-data")


def print_summaries(console: Console, report: SummaryReport) -> None:
    """A table per source, ours and the others by rising ROUGE."""
    groups = [name for name in report.groups if name not in length_names()]
    for group in groups[1:] or groups:
        title = f"summaries of {report.n_articles[group]} articles, {group}"
        table = make_table(title, "system", "ROUGE-1", "ROUGE-2", "ROUGE-Lsum", f"over {LEAD}", "p")
        for name, scores in report.groups[group].items():
            means = (f"{scores.mean[kind]:.2f}" for kind in KINDS)
            table.add_row(name, *means, *_gain(scores), style=_style(name))
        console.print(table)
    if report.n_left_out:
        console.print(f"{report.n_left_out} articles left out: no text that can be analysed, or no reference")


def _gain(scores: SystemScores) -> tuple[str, str]:
    if scores.over_lead is None:
        return "", ""
    gains = [scores.over_lead[kind] for kind in KINDS]
    return " / ".join(f"{gain.mean:+.2f}" for gain in gains), f"{max(gain.p for gain in gains):.4f}"


def _style(system: str) -> str:
    return "bold" if system == OURS else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"

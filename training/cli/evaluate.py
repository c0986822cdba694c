"""The command that measures a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.options import DeviceOption, EditorsOption, SummariesOption, read_edited

commands = typer.Typer()

_EXAMPLES = """
Examples:
  copydesk evaluate --data stories.jsonl
  copydesk evaluate --bundle runs/mine --data test.jsonl --train-data train.jsonl --report runs/report
  copydesk evaluate --summaries articles.parquet --limit 500
  copydesk evaluate --bundle runs/mine --editors editors.jsonl
"""


@commands.command(epilog=_EXAMPLES)
def evaluate(
    bundle: Annotated[str, typer.Option(help="The model: a directory, default, or fast.")] = "default",
    data: Annotated[str | None, typer.Option(help="Labelled stories to measure the tags on.")] = None,
    train_data: Annotated[
        list[str], typer.Option(help="Labelled stories that baselines learn from.", show_default="the corpus")
    ] = [],  # noqa: B006
    summaries: SummariesOption = None,
    editors: EditorsOption = None,
    limit: Annotated[int | None, typer.Option(help="Articles with summaries to read; all by default.")] = None,
    report: Annotated[Path | None, typer.Option(help="Directory for report.json and report.html.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Measure a bundle's tags and summaries."""
    if data is None and summaries is None and editors is None:
        raise typer.BadParameter("give --data, --summaries, --editors or several of them")
    need_extra()
    from copydesk.model.analyzer import Analyzer
    from copydesk.training.console import Screen
    from copydesk.training.evaluation.editors import measure_editors
    from copydesk.training.evaluation.measure import BundleMeasures, measure_summaries, measure_tags
    from copydesk.training.reports.evaluation_page import write_evaluation
    from copydesk.training.reports.evaluation_tables import evaluation_tables

    edited = read_edited(editors)
    screen, analyzer = Screen(), Analyzer.load(bundle, device)
    measures = BundleMeasures(
        analyzer.bundle,
        measure_tags(analyzer, data, train_data) if data else None,
        measure_summaries(analyzer, summaries, limit, screen) if summaries else None,
        measure_editors(analyzer, edited, screen) if edited else None,
    )
    screen.show(*evaluation_tables(measures))
    if report is not None:
        write_evaluation(report, measures)
        screen.say(f"wrote {report / 'report.json'} and {report / 'report.html'}")

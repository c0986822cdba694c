"""The evaluation of a bundle: measured, printed, written as report.json and report.html."""

import json
from pathlib import Path

from rich.console import Console

from copydesk.training.evaluation.measure import Measured
from copydesk.training.reports.page import render_page
from copydesk.training.reports.tables import print_summaries, print_tags


def print_report(console: Console, measured: Measured) -> None:
    """Tables for a person."""
    if measured.tags:
        print_tags(console, measured.tags.report, measured.tags.baselines)
    if measured.summaries:
        print_summaries(console, measured.summaries)


def write_report(directory: Path, measured: Measured) -> None:
    """report.json and report.html in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(measured.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    (directory / "report.json").write_text(text + "\n", encoding="utf-8")
    (directory / "report.html").write_text(render_page(measured), encoding="utf-8")

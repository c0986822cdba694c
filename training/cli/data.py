"""The command that looks at labelled stories, and at articles that editors have read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copydesk.model.errors import DataError
from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.options import (
    DelimiterOption,
    EncodingOption,
    LabelColumnOption,
    LabelSeparatorOption,
    TextColumnOption,
)

commands = typer.Typer(name="data", help="Look at labelled stories.", no_args_is_help=True)

_EXAMPLES = """
Examples:
  copydesk data check stories.jsonl corrections.csv
  copydesk data check 'exports/*.json' --labels trade,drugs --report runs/data
  copydesk data check editors.jsonl
"""


@commands.command(epilog=_EXAMPLES)
def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Labelled stories, edited articles, globs and hub datasets.")
    ],
    labels: Annotated[str, typer.Option(help="The labels there may be, separated by commas.", show_default="all")] = "",
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_separator: LabelSeparatorOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    report: Annotated[Path | None, typer.Option(help="Directory for data.json and data.html.")] = None,
) -> None:
    """Find what is wrong with labelled stories, or with articles that editors have read.

    Exit code 1 if something is that would stop training.
    """
    need_extra()
    from copydesk.model.files.dialect import Dialect
    from copydesk.model.files.sources import find_source
    from copydesk.training.console import Screen
    from copydesk.training.data.editors import is_edited, scan_editors
    from copydesk.training.data.plain import Reading
    from copydesk.training.data.profile import profile_stories
    from copydesk.training.reports.data_page import write_data
    from copydesk.training.reports.data_tables import data_tables
    from copydesk.training.reports.editors_tables import editors_tables

    screen = Screen()
    reading = Reading(Dialect.of(delimiter, encoding), text_column, label_column, label_separator)
    for name in files:
        find_source(name)
    try:
        edited = {name: scan_editors(name) for name in files if is_edited(name, reading.dialect)}
        stories = [name for name in files if name not in edited]
        known = tuple(filter(None, map(str.strip, labels.split(","))))
        profile = profile_stories(stories, known, screen, reading) if stories else None
    except DataError as error:
        error.exit_code = 1
        raise
    for name, read in edited.items():
        screen.show(*editors_tables(name, read))
    if profile:
        screen.show(*data_tables(profile))
    if report and profile:
        write_data(report, profile)
        screen.say(f"wrote {report / 'data.json'} and {report / 'data.html'}")
    elif report:
        screen.say("no report: it is of labelled stories alone")
    faults = [*(profile.faults if profile else ()), *(fault for read in edited.values() for fault in read.faults)]
    raise typer.Exit(1 if faults else 0)

"""copydesk: the command line, and the public names, loaded when they are used."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.model.analysis import Analysis, Document, Options, SummaryOptions
    from copydesk.model.analyzer import Analyzer
    from copydesk.service.bulk.dataset_map import DatasetMap

_PUBLIC = {
    "Analysis": "copydesk.model.analysis",
    "Analyzer": "copydesk.model.analyzer",
    "CopydeskError": "copydesk.model.errors",
    "DatasetMap": "copydesk.service.bulk.dataset_map",
    "Document": "copydesk.model.analysis",
    "Options": "copydesk.model.analysis",
    "SummaryOptions": "copydesk.model.analysis",
}
__all__ = ["Analysis", "Analyzer", "DatasetMap", "Document", "Options", "SummaryOptions", "main"]


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _PUBLIC:
        raise AttributeError(f"module 'copydesk' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)


def main() -> None:
    """Run a command. A user's mistake ends with one sentence on standard error and its exit code."""
    import typer
    from rich.console import Console

    from copydesk.model.errors import CopydeskError
    from copydesk.service.cli.cli import commands as service_commands
    from copydesk.training.cli import data, evaluate, models, train

    app = typer.Typer(
        help="Tags, summary and evidence for news articles, from one pass of a small transformer.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.add_typer(service_commands)
    for training in (train, evaluate, data, models):
        app.add_typer(training.commands)
    try:
        app()
    except CopydeskError as error:
        Console(stderr=True).print(f"{type(error).__name__}: {error}", style="red", markup=False, highlight=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)

"""Options that more than one command has, and what their values stand for."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.model.bundles.manifest import bundle_directory
from copydesk.model.bundles.store import Store
from copydesk.model.errors import ConfigError

if TYPE_CHECKING:
    from copydesk.training.data.editors import EditedStory
    from copydesk.training.release.figures import Tolerances

StoreOption = Annotated[Path, typer.Option("--store", envvar="COPYDESK_MODELS_DIR", help="Directory of the store.")]
SummariesOption = Annotated[str | None, typer.Option(help="Parquet with article and highlights, for ROUGE.")]
EditorsOption = Annotated[
    str | None, typer.Option(help="Articles with the sentences that editors would print, for their credit.")
]
ReportOption = Annotated[Path | None, typer.Option(help="Directory for comparison.json and comparison.html.")]
ToleranceOption = Annotated[
    list[str],
    typer.Option(help="F1 that a label may lose where the test can tell: LABEL=0.05.", show_default="0.02 each"),
]
_COLUMNS = "How the files are read"
TextColumnOption = Annotated[
    str | None,
    typer.Option("--text-column", metavar="NAME", help="Of the text.", show_default="text", rich_help_panel=_COLUMNS),
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="NAME",
        help="Of the labels.",
        show_default="labels or label",
        rich_help_panel=_COLUMNS,
    ),
]
LabelSeparatorOption = Annotated[
    str | None,
    typer.Option(
        "--label-separator",
        metavar="TEXT",
        help="Between the labels of a cell.",
        show_default="found in the file",
        rich_help_panel=_COLUMNS,
    ),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help="Between columns of CSV; tab is one too.",
        show_default="found in the header",
        rich_help_panel=_COLUMNS,
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Of text files, such as cp1252.",
        show_default="UTF-8, or what their first bytes say",
        rich_help_panel=_COLUMNS,
    ),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]


def open_store(directory: Path) -> Store:
    """The store, with who writes to it."""
    return Store(directory, who=f"{_user()}@{socket.gethostname()}")


def find_bundle(name: str, store: Store | None) -> Path:
    """The directory of a bundle: of one that ships, a directory, or a version in the store. Raises StoreError."""
    directory = bundle_directory(name)
    if store is None or (directory / "bundle.json").is_file():
        return directory
    return store.path(store.find(name))


def read_tolerances(values: Sequence[str]) -> Tolerances:
    """The tolerances that --tolerance gives. Raises ConfigError."""
    from copydesk.training.release.figures import Tolerances

    labels = {}
    for value in values:
        label, _, number = value.rpartition("=")
        try:
            labels[label] = float(number)
        except ValueError:
            labels[label] = -1.0
        if not label or not 0 <= labels[label] <= 1:
            raise ConfigError(f"--tolerance {value}: expected LABEL=F1 with F1 from 0 to 1, such as trade=0.05")
    return Tolerances(labels=labels)


def read_edited(path: str | None) -> list[EditedStory]:
    """The articles of the file that --editors names, none without one. Raises DataError."""
    from copydesk.training.data.editors import read_editors

    return read_editors(path) if path else []


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        return "unknown"

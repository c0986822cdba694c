"""Options that more than one command has, and what they choose."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from copydesk.model.analysis import Stories
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, bundle_directory
from copydesk.model.errors import ConfigError

if TYPE_CHECKING:
    from copydesk.client.answers import Part

FILES = "Files"
_MODEL = "Model"
_ANALYSIS = "Analysis"

BundleOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Directory of the model, default, or fast.", show_default="default", rich_help_panel=_MODEL
    ),
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Store of versions: its current one, in place of --bundle.", rich_help_panel=_MODEL
    ),
]
DeviceOption = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.", rich_help_panel=_MODEL)]
DelimiterOption = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER",
        help="Between columns of CSV; tab is one too.",
        show_default="found in the header",
        rich_help_panel=FILES,
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Of text files, such as cp1252.",
        show_default="UTF-8, or what its first bytes say",
        rich_help_panel=FILES,
    ),
]
SentencesOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        max=100,
        help="Sentences of each summary; --summary-sentences is the same.",
        rich_help_panel=_ANALYSIS,
    ),
]
SameSentencesOption = Annotated[  # on its own, since help of both names is wider than a terminal
    int | None, typer.Option("--summary-sentences", min=1, max=100, hidden=True)
]
FocusOption = Annotated[
    str | None,
    typer.Option(
        metavar="LABEL", help="Sum up what the story says on this label before the rest.", rich_help_panel=_ANALYSIS
    ),
]
IncludeOption = Annotated[
    str | None,
    typer.Option(
        metavar="PARTS",
        help="Of tags, summary, evidence, sentences, furniture, text and metadata, with commas between.",
        rich_help_panel=_ANALYSIS,
    ),
]
StoriesOption = Annotated[
    Stories,
    typer.Option(
        help="split: tell the stories of a page apart; whole: one text, one story.", rich_help_panel=_ANALYSIS
    ),
]


def choose_bundle(bundle: Path | None, store: Path | None) -> Path:
    """The directory of the model that --bundle and --store name. Raises ConfigError, StoreError."""
    if store is None:
        return bundle_directory(bundle or DEFAULT_BUNDLE)
    if bundle is not None:
        raise ConfigError("--bundle and --store each name a model; give one of them")
    from copydesk.model.bundles.store import Store

    check_store(store)
    versions = Store(store)
    return versions.path(versions.find("current"))


def check_store(directory: Path) -> None:
    """Raises ConfigError unless there is a directory."""
    if not directory.is_dir():
        raise ConfigError(f"--store {directory}: no such directory; `copydesk models promote` makes it")


def check_focus(focus: str | None, labels: Sequence[str]) -> None:
    """Raises ConfigError unless the model has the label, before any text is read."""
    if focus is not None and focus not in labels:
        raise ConfigError(f"--focus {focus}: the model has no such label; {nearest(focus, labels)}")


def read_parts(include: str | None) -> "frozenset[Part] | None":
    """The parts that --include names; None without it. Raises ConfigError for one that there is not."""
    from copydesk.client.answers import Part

    known: dict[str, Part] = {part: part for part in get_args(Part)}
    names = [name.strip() for name in include.split(",")] if include is not None else []
    for name in names:
        if name not in known:
            raise ConfigError(f"--include {name}: no part of an answer; {nearest(name, tuple(known))}")
    return frozenset(known[name] for name in names) or None


def nearest(value: str, known: Sequence[str]) -> str:
    """What a wrong value was likely meant to be, or else what there is."""
    near = get_close_matches(value, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"expected {', '.join(known)}"

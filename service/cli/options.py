"""Options that more than one command has."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

BundleOption = Annotated[Path, typer.Option(help="Directory of the model.", show_default="the one that ships")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
DelimiterOption = Annotated[
    str | None, typer.Option(help="Between columns of CSV: a character, or tab.", show_default="found in the header")
]
EncodingOption = Annotated[
    str | None,
    typer.Option(help="Of text files, such as cp1252.", show_default="UTF-8, or what its first bytes say"),
]
SentencesOption = Annotated[int, typer.Option(min=1, max=100, help="Sentences of each summary.")]
StoriesOption = Annotated[
    str, typer.Option(help="split: tell the stories of a page apart; whole: one text, one story.")
]


def choose(option: str, value: str, choices: Iterable[str]) -> str:
    """The value, if it is among the choices; otherwise the command ends with usage."""
    if value not in choices:
        raise typer.BadParameter(f"{value!r}: expected {', '.join(choices)}", param_hint=option)
    return value


def choose_stories(value: str) -> Literal["split", "whole"]:
    """The value of --stories."""
    return "whole" if choose("--stories", value, ("split", "whole")) == "whole" else "split"

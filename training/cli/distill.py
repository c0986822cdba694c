"""The command that makes a smaller bundle of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.options import find_bundle, open_store

commands = typer.Typer()

_EXAMPLES = """
Examples:
  copydesk distill --data texts.jsonl --out runs/fast
  copydesk distill --bundle runs/mine --data 'archive/*.parquet'
  copydesk distill mine.toml --bundle 1f0c --store models
"""


@commands.command(epilog=_EXAMPLES)
def distill(
    config: Annotated[
        Path | None,
        typer.Argument(help="TOML file with the layers to keep.", show_default="what configs/fast.toml says"),
    ] = None,
    data: Annotated[
        list[str], typer.Option(help="More texts: a file, folder, glob or hub dataset; labels are not read.")
    ] = [],  # noqa: B006
    bundle: Annotated[str, typer.Option(help="The teacher: a directory, default, fast, or a version in the store.")] = (
        "default"
    ),
    store: Annotated[Path | None, typer.Option(help="Store of versions, to find the teacher in.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory of the bundle.", show_default="runs/NAME")] = None,
) -> None:
    """Make a smaller, faster bundle that says what a larger one says; it needs texts, and no labels.

    An interrupted run goes on from its last checkpoint when started again.
    """
    need_extra()
    from copydesk.training.config import read_config
    from copydesk.training.console import Screen
    from copydesk.training.distillation.run import distil
    from copydesk.training.distillation.texts import read_texts

    screen = Screen()
    settings = read_config(config or Path("fast")).with_texts(data)
    section = settings.texts
    texts = read_texts(section.files, section.limit, section.held_out)
    screen.say(f"{len(texts.train):,} texts to learn from, {len(texts.held_out):,} held out")
    teacher = find_bundle(bundle, open_store(store) if store else None)
    target = out or Path("runs") / settings.name
    made = distil(settings, texts, teacher, target, screen)
    agreement = made.report["held_out"]
    screen.say(
        f"macro-F1 {agreement['macro_f1']:.3f} where the teacher's tags are taken for right, on "
        f"{agreement['n_stories']:,} texts held out -> {target}",
        f"next: copydesk evaluate --bundle {target} --data FILE, copydesk serve --bundle {target}",
    )

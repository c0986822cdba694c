"""The command that makes a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.options import (
    DelimiterOption,
    EncodingOption,
    LabelColumnOption,
    LabelSeparatorOption,
    TextColumnOption,
    ToleranceOption,
    find_bundle,
    open_store,
    read_edited,
    read_tolerances,
)
from copydesk.training.cli.verdict import conclude, hold_back

if TYPE_CHECKING:
    from copydesk.model.bundles.manifest import Bundle
    from copydesk.model.bundles.store import Store
    from copydesk.training.config import TrainingConfig
    from copydesk.training.console import Screen
    from copydesk.training.fit.warm_start import Start

commands = typer.Typer()

_PLAIN = "plain"
_EXAMPLES = """
Examples:
  copydesk train --data stories.jsonl --out runs/mine
  copydesk train few_shot --data stories.csv
  copydesk train --data corrections.jsonl --store models
"""


@commands.command(epilog=_EXAMPLES)
def train(
    config: Annotated[
        Path | None,
        typer.Argument(
            help="TOML file, or the name of one that ships: few_shot, topics, corpus, train.",
            show_default="what configs/topics.toml says",
        ),
    ] = None,
    data: Annotated[
        list[str],
        typer.Option(help="More labelled stories: a file, glob or hub dataset. It corrects earlier ones."),
    ] = [],  # noqa: B006
    editors: Annotated[
        list[str],
        typer.Option(help="Articles that editors have read: which sentences to print, which are furniture."),
    ] = [],  # noqa: B006
    summaries: Annotated[str | None, typer.Option(help="A local file in place of summaries.source.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory of the bundle.", show_default="runs/NAME")] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Bundle to start from: a directory, a version in the store, default, fast, or plain, the encoder.",
            show_default="the store's current version, or default where no summaries teach",
        ),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out faulty stories and rare labels.")] = False,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_separator: LabelSeparatorOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    store: Annotated[
        Path | None, typer.Option(help="Store of versions: the bundle becomes current there if it is no worse.")
    ] = None,
    test_summaries: Annotated[
        str | None, typer.Option(help="With --store: Parquet with article and highlights, to compare ROUGE on.")
    ] = None,
    test_editors: Annotated[
        str | None, typer.Option(help="With --store: articles with what editors would print, to compare credit on.")
    ] = None,
    tolerance: ToleranceOption = [],  # noqa: B006
    force: Annotated[bool, typer.Option("--force", help="With --store: promote whatever the test says.")] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="With --store: compare, and leave it to a person to promote.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="With --store: directory of the comparison.", show_default="OUT-report")
    ] = None,
) -> None:
    """Fine-tune a bundle. An interrupted run goes on from its last checkpoint when started again.

    With --store, some stories are set aside for a test that stays.

    A bundle that is worse than the current version on it is refused: exit code 1.
    """
    if store is None and (test_summaries or test_editors or tolerance or force or hold or report):
        raise typer.BadParameter(
            "--test-summaries, --test-editors, --tolerance, --force, --hold and --report need --store"
        )
    if force and hold:
        raise typer.BadParameter("--force promotes and --hold does not; give one of them")
    need_extra()
    from copydesk.training.config import TrainingConfig, read_config
    from copydesk.training.console import Screen
    from copydesk.training.data.tag_data import load_tag_data
    from copydesk.training.fit.run import train as run
    from copydesk.training.release.gate import Terms
    from copydesk.training.release.retrain import retrain

    screen = Screen()
    settings = (read_config(config) if config else TrainingConfig()).with_sources(data, summaries, editors)
    settings = settings.with_reading(
        text_column=text_column,
        label_column=label_column,
        label_separator=label_separator,
        delimiter=delimiter,
        encoding=encoding,
    )
    edited = read_edited(test_editors)
    target = out or Path("runs") / settings.name
    versions = open_store(store) if store else None
    start = _find_start(settings, base, versions, screen)
    if versions is None:
        bundle = run(settings, load_tag_data(settings, skip_bad=skip_bad, progress=screen), start, target, screen)
        _show_bundle(screen, bundle, target)
        return
    terms = Terms(read_tolerances(tolerance), test_summaries, edited, is_forced=force, is_held=hold)
    verdict = retrain(settings, start, target, versions, terms, skip_bad=skip_bad, progress=screen)
    _show_bundle(screen, verdict.candidate, target)
    report = report or target.with_name(f"{target.name}-report")
    if hold:
        hold_back(screen, verdict, report, store)
    else:
        conclude(screen, verdict, report, is_forced=force)


def _find_start(config: TrainingConfig, base: str | None, store: Store | None, screen: Screen) -> Start:
    """The encoder, and the bundle to train on from, if any."""
    from copydesk.training.fit.warm_start import choose_start, find_start

    if base is None:
        return choose_start(config, store, screen)
    return find_start(config, None if base == _PLAIN else find_bundle(base, store))


def _show_bundle(screen: Screen, bundle: Bundle, out: Path) -> None:
    quality = bundle.report["held_out"]
    screen.say(
        f"macro-F1 {quality['macro_f1']:.3f} on {quality['n_stories']} held-out stories -> {out}",
        f"next: copydesk evaluate --bundle {out} --data FILE, copydesk serve --bundle {out}",
    )

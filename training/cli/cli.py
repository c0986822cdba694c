"""The commands that make and measure bundles: train, evaluate, data check, models."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.errors import DataError
from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.models import ToleranceOption, conclude, find_bundle, models, open_store, read_tolerances

if TYPE_CHECKING:
    from copydesk.training.config import TrainingConfig

commands = typer.Typer()
data_commands = typer.Typer(help="Look at labelled stories.", no_args_is_help=True)
commands.add_typer(data_commands, name="data")
commands.add_typer(models, name="models")
_errors = Console(stderr=True)
_PLAIN = "plain"


@commands.command()
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
    summaries: Annotated[str | None, typer.Option(help="A local file in place of summaries.source.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory of the bundle.", show_default="runs/NAME")] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Bundle to start from: a directory, a version in the store, default, or plain: the encoder alone.",
            show_default="the store's current version, or default where no summaries teach",
        ),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out faulty stories and rare labels.")] = False,
    store: Annotated[
        Path | None, typer.Option(help="Store of versions: the bundle becomes current there if it is no worse.")
    ] = None,
    test_summaries: Annotated[
        str | None, typer.Option(help="With --store: Parquet with article and highlights, to compare ROUGE on.")
    ] = None,
    tolerance: ToleranceOption = [],  # noqa: B006
    force: Annotated[bool, typer.Option("--force", help="With --store: promote whatever the test says.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="With --store: directory of the comparison.", show_default="OUT-report")
    ] = None,
) -> None:
    """Fine-tune a bundle. An interrupted run goes on from its last checkpoint when started again.

    With --store, some stories are set aside for a test that stays, and a bundle that is worse than the current version
    on it is refused: exit code 1.
    """
    if store is None and (test_summaries or tolerance or force or report):
        raise typer.BadParameter("--test-summaries, --tolerance, --force and --report need --store")
    need_extra()
    from copydesk.training.config import TrainingConfig, read_config
    from copydesk.training.data.tag_data import load_tag_data
    from copydesk.training.fit.run import train as run
    from copydesk.training.release.retrain import retrain

    settings = (read_config(config) if config else TrainingConfig()).with_sources(data, summaries)
    target = out or Path("runs") / settings.name
    versions = open_store(store) if store else None
    start = _find_base(base, settings, versions)
    if versions is None:
        run(settings, load_tag_data(settings, skip_bad=skip_bad), target, base=start)
        _show_result(target)
        return
    verdict = retrain(
        settings,
        target,
        versions,
        base=start,
        skip_bad=skip_bad,
        summaries=test_summaries,
        tolerances=read_tolerances(tolerance),
        force=force,
    )
    _show_result(target)
    conclude(verdict, report or target.with_name(f"{target.name}-report"), is_forced=force)


@commands.command()
def evaluate(
    bundle: Annotated[Path, typer.Option(help="Directory of the model.")] = DEFAULT_BUNDLE,
    data: Annotated[str | None, typer.Option(help="Labelled stories to measure the tags on.")] = None,
    train_data: Annotated[
        list[str], typer.Option(help="Labelled stories that baselines learn from.", show_default="the corpus")
    ] = [],  # noqa: B006
    summaries: Annotated[str | None, typer.Option(help="Parquet with article and highlights, for ROUGE.")] = None,
    limit: Annotated[int | None, typer.Option(help="Articles with summaries to read; all by default.")] = None,
    report: Annotated[Path | None, typer.Option(help="Directory for report.json and report.html.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Measure a bundle's tags and summaries."""
    if data is None and summaries is None:
        raise typer.BadParameter("give --data, --summaries or both")
    need_extra()
    from copydesk.training.evaluation.measure import measure
    from copydesk.training.reports.report import print_report, write_report

    measured = measure(bundle, data, summaries, limit=limit, device=device, train_data=train_data)
    print_report(Console(file=sys.stdout), measured)
    if report is not None:
        write_report(report, measured)
        _errors.print(f"wrote {report / 'report.json'} and {report / 'report.html'}")


@data_commands.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Labelled stories, globs and hub datasets.")],
    labels: Annotated[str, typer.Option(help="The labels there may be, separated by commas.", show_default="all")] = "",
    report: Annotated[Path | None, typer.Option(help="Directory for data.json and data.html.")] = None,
) -> None:
    """Find what is wrong with labelled stories. Exit code 1 if something is that would stop training."""
    need_extra()
    from copydesk.training.data.files import expand_source
    from copydesk.training.data.measures import measure_data
    from copydesk.training.progress import late_progress
    from copydesk.training.reports.data_report import write_data_report
    from copydesk.training.reports.data_tables import print_data

    paths = [path for source in files for path in expand_source(source)]
    try:
        with late_progress("looking for label errors") as begin:
            measured = measure_data(paths, tuple(filter(None, map(str.strip, labels.split(",")))), begin)
    except DataError as error:
        _errors.print(f"DataError: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    print_data(Console(file=sys.stdout, highlight=False), measured)
    if report is not None:
        write_data_report(report, measured)
        _errors.print(f"wrote {report / 'data.json'} and {report / 'data.html'}")
    raise typer.Exit(1 if measured.faults else 0)


def _find_base(name: str | None, config: "TrainingConfig", store: Store | None) -> Path | None:
    """The bundle to train on from; none for the plain encoder."""
    from copydesk.training.release.retrain import choose_base

    if name is None:
        return choose_base(config, store)
    if name == _PLAIN:
        return None
    return find_bundle(store, name) if store else Path(DEFAULT_BUNDLE if name == "default" else name)


def _show_result(out: Path) -> None:
    quality = load_manifest(out).report["held_out"]
    _errors.print(f"macro-F1 {quality['macro_f1']:.3f} on {quality['n_stories']} held-out stories -> {out}")
    _errors.print(f"next: copydesk evaluate --bundle {out} --data FILE, copydesk serve --bundle {out}")

"""The commands that make and measure bundles: train, evaluate, data check, models."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.bundle import DEFAULT_BUNDLE
from model.errors import DataError
from training.extras import need_extra
from training.models_cli import models

commands = typer.Typer()
data_commands = typer.Typer(help="Look at labelled stories.", no_args_is_help=True)
commands.add_typer(data_commands, name="data")
commands.add_typer(models, name="models")
_errors = Console(stderr=True)


@commands.command()
def train(
    config: Annotated[Path, typer.Argument(help="TOML file; configs/train.toml is a complete example.")],
    data: Annotated[list[str], typer.Option(help="More labelled stories: JSONL, CSV, Parquet or a hub dataset.")] = [],  # noqa: B006
    summaries: Annotated[str | None, typer.Option(help="A local file in place of summaries.source.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory of the bundle.", show_default="runs/NAME")] = None,
    base: Annotated[Path | None, typer.Option(help="Bundle to start from, instead of the plain encoder.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out faulty stories and rare labels.")] = False,
) -> None:
    """Fine-tune a bundle. An interrupted run goes on from its last checkpoint when started again."""
    need_extra()
    from training.config import read_config
    from training.train import train as run

    settings = read_config(config).with_sources(data, summaries)
    target = out or Path("runs") / settings.name
    bundle = run(settings, target, base=base, skip_bad=skip_bad)
    quality = bundle.report["held_out"]
    _errors.print(f"macro-F1 {quality['macro_f1']:.3f} on {quality['n_stories']} held-out stories -> {target}")
    _errors.print(f"next: copydesk evaluate --bundle {target} --data FILE, copydesk serve --bundle {target}")


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
    from training.report import measure, print_report, write_report

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
    from training.data_files import expand_source
    from training.data_measures import measure_data
    from training.data_report import write_data_report
    from training.data_tables import print_data
    from training.progress import late_progress

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

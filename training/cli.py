"""The commands that make and measure bundles: train, evaluate, models."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.bundle import DEFAULT_BUNDLE
from training.extras import need_extra
from training.models_cli import models

commands = typer.Typer()
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

"""The command for bulk jobs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from copydesk.model.analysis import Options, SummaryOptions
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, load_manifest
from copydesk.model.errors import ConfigError, CopydeskError, DataError
from copydesk.service.cli.options import (
    BundleOption,
    DelimiterOption,
    DeviceOption,
    EncodingOption,
    SentencesOption,
    StoriesOption,
    choose,
    choose_stories,
)

if TYPE_CHECKING:
    from copydesk.model.files.rows import Position
    from copydesk.service.bulk.job import Job
    from copydesk.service.bulk.records import Counts
    from copydesk.service.bulk.shards import Parts

_STDOUT = "-"
_COLUMN = "Column of the "


def batch(
    source: Annotated[
        str,
        typer.Argument(metavar="INPUT", help="JSON, CSV or Parquet, a folder, glob or hub dataset of them, or -."),
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUTPUT", help="JSONL, CSV or Parquet by extension, or - for JSONL.")
    ],
    text_column: Annotated[str, typer.Option(help=f"{_COLUMN}text.")] = "text",
    html_column: Annotated[str, typer.Option(help=f"{_COLUMN}page's source, read where there is no text.")] = "html",
    title_column: Annotated[str, typer.Option(help=f"{_COLUMN}title.")] = "title",
    id_column: Annotated[str, typer.Option(help=f"{_COLUMN}id.")] = "id",
    keep: Annotated[str, typer.Option(help="Columns to carry over, comma between.")] = "",
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    raw_cells: Annotated[
        bool, typer.Option("--raw-cells", help="In CSV, leave cells that a spreadsheet would run as formulas.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUTPUT where there is one.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a job that was interrupted.")] = False,
    engine: Annotated[str, typer.Option(help="local, or ray for a cluster.")] = "local",
    address: Annotated[str | None, typer.Option(help="Ray cluster.", show_default="this machine")] = None,
    sentences: SentencesOption = 3,
    stories: StoriesOption = "split",
    bundle: BundleOption = DEFAULT_BUNDLE,
    device: DeviceOption = "auto",
) -> None:
    """Analyse an archive. Exit codes: 0, 1 some rows failed, 2 usage, 3 input, 4 output, 130 interrupted."""
    from copydesk.model.files.dialect import Dialect
    from copydesk.model.files.sources import find_source
    from copydesk.service.bulk.columns import Columns
    from copydesk.service.bulk.job import Job
    from copydesk.service.bulk.shards import OutputError
    from copydesk.service.bulk.target import leave_out_outputs

    exit_codes = {DataError: 3, OutputError: 4}
    is_ray = choose("--engine", engine, ("local", "ray")) == "ray"
    if address is not None and not is_ray:
        raise typer.BadParameter("it names a Ray cluster; add --engine ray", param_hint="--address")
    columns = Columns(text_column, html_column, title_column, id_column, tuple(filter(None, keep.split(","))))
    options = Options(choose_stories(stories), SummaryOptions(sentences=sentences))
    try:
        found = leave_out_outputs(find_source(source, Dialect.of(delimiter, encoding)), Path(target))
        job = Job(found, Path(target), columns, options, raw_cells=raw_cells)
        where = (address or "local") if is_ray else None
        n_failed = _run(job, bundle, device, resume=resume, overwrite=overwrite, address=where)
    except CopydeskError as error:
        error.exit_code = exit_codes.get(type(error), error.exit_code)
        raise
    if n_failed:
        raise typer.Exit(1)


def _run(job: Job, bundle: Path, device: str, *, resume: bool, overwrite: bool, address: str | None) -> int:
    """Run the job to its end and say what it did; returns the number of failed rows."""
    from copydesk.model.files.rows import Position
    from copydesk.service.bulk.records import Counts
    from copydesk.service.cli.progress import JobProgress, summarise_job

    console, position, before = Console(stderr=True), Position(), Counts()
    if job.target == Path(_STDOUT):
        steps = _stream(job, bundle, device, position, address)
    else:
        from copydesk.service.bulk.job import open_parts

        parts = open_parts(job, load_manifest(bundle), resume=resume, overwrite=overwrite)
        before = parts.counts()
        steps = _work(job, parts, bundle, device, position, address)
    with JobProgress(console, job.source.n_bytes) as progress:
        try:
            for counts in steps:
                progress.add(counts, position.n_bytes)
        except KeyboardInterrupt:
            hint = "" if job.target == Path(_STDOUT) else "; go on with --resume"
            console.print(f"interrupted after {progress.counts.rows:,} rows{hint}", highlight=False)
            raise
    before.add(progress.counts)
    console.print(summarise_job(before, progress, str(job.target)), highlight=False, markup=False, soft_wrap=True)
    return before.failed


def _stream(job: Job, bundle: Path, device: str, position: Position, address: str | None) -> Iterator[Counts]:
    from copydesk.model.analyzer import Analyzer
    from copydesk.service.bulk.job import stream_bulk

    if address is not None:
        raise ConfigError("--engine ray writes files, not standard output; name an OUTPUT")
    return stream_bulk(Analyzer.load(bundle, device), job, sys.stdout.buffer, position)


def _work(
    job: Job, parts: Parts, bundle: Path, device: str, position: Position, address: str | None
) -> Iterator[Counts]:
    from copydesk.model.analyzer import Analyzer
    from copydesk.service.bulk.job import run_bulk

    if address is None:
        return run_bulk(Analyzer.load(bundle, device), job, parts, position)
    from copydesk.service.bulk.ray import Cluster, run_ray

    return run_ray(Cluster(address, bundle, device), job, parts, position)

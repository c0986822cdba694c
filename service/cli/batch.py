"""The command for bulk jobs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from copydesk.model.analysis import Options, SummaryOptions
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.errors import ConfigError, CopydeskError, DataError
from copydesk.model.installation import need_extra
from copydesk.service.cli.console import messages, say
from copydesk.service.cli.options import (
    FILES,
    BundleOption,
    DelimiterOption,
    DeviceOption,
    EncodingOption,
    FocusOption,
    IncludeOption,
    SameSentencesOption,
    SentencesOption,
    StoreOption,
    StoriesOption,
    check_focus,
    choose_bundle,
    read_parts,
)

if TYPE_CHECKING:
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.files.rows import Position
    from copydesk.service.bulk.job import Job
    from copydesk.service.bulk.records import Counts
    from copydesk.service.bulk.shards import Parts

commands = typer.Typer()

_STDOUT = Path("-")
_COLUMNS = "Columns"
_EXAMPLES = """
Examples:
  copydesk batch articles.jsonl answers.jsonl
  copydesk batch 'archive/*.csv.gz' topics.parquet --keep url,date
  copydesk batch articles.jsonl - --limit 5 | jq .summary.text
  copydesk batch articles.jsonl answers.jsonl --resume
  copydesk batch articles.jsonl answers.jsonl --desk news

Exit codes:
  0    every row has an answer
  1    some rows failed: see OUTPUT.errors.jsonl
  2    a mistake in the command, or OUTPUT.parts of another job
  3    the input is missing or does not read to its end
  4    the output cannot be written
  70   a fault of copydesk itself; what was done is kept
  130  interrupted, by SIGTERM too; what was done is kept
"""


@dataclass(frozen=True)
class _Engine:
    """What analyses the rows: a model on a device, here or, with an address, on a Ray cluster."""

    bundle: Path
    device: str
    address: str | None

    def load(self) -> Analyzer:
        """The model, here."""
        from copydesk.model.analyzer import Analyzer
        from copydesk.model.network.device import choose_device

        return Analyzer.load(self.bundle, choose_device(self.device).staffed())


@commands.command(epilog=_EXAMPLES)
def batch(
    source: Annotated[
        str,
        typer.Argument(metavar="INPUT", help="JSON, CSV or Parquet, a folder, glob or hub dataset of them, or -."),
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUTPUT", help="JSONL, CSV or Parquet by extension, or - for JSONL.")
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUTPUT where there is one.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a job that was interrupted.")] = False,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the first rows, to try it.", show_default="all rows")
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="Of the text.", rich_help_panel=_COLUMNS)] = "text",
    html_column: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of the page's source, read where there is no text.", rich_help_panel=_COLUMNS
        ),
    ] = "html",
    title_column: Annotated[
        str, typer.Option(metavar="NAME", help="Of the title.", rich_help_panel=_COLUMNS)
    ] = "title",
    id_column: Annotated[str, typer.Option(metavar="NAME", help="Of the id.", rich_help_panel=_COLUMNS)] = "id",
    keep: Annotated[
        str, typer.Option(metavar="NAMES", help="To carry over, with commas between.", rich_help_panel=_COLUMNS)
    ] = "",
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    raw_cells: Annotated[
        bool,
        typer.Option(
            "--raw-cells", help="In CSV, leave cells that a spreadsheet would run as formulas.", rich_help_panel=FILES
        ),
    ] = False,
    include: IncludeOption = None,
    sentences: SentencesOption = 3,
    same_sentences: SameSentencesOption = None,
    focus: FocusOption = None,
    stories: StoriesOption = "split",
    desk: Annotated[
        str | None, typer.Option(metavar="PROJECT", help="Hand the stories in to this project of the desk, too.")
    ] = None,
    bundle: BundleOption = None,
    store: StoreOption = None,
    device: DeviceOption = "auto",
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="This process, or Ray for a cluster.", rich_help_panel="Machines")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Ray cluster.", show_default="this machine", rich_help_panel="Machines"),
    ] = None,
) -> None:
    """Analyse an archive: a row out per row in, in the same order."""
    from copydesk.model.files.dialect import Dialect
    from copydesk.model.files.sources import find_source
    from copydesk.service.bulk.columns import Columns
    from copydesk.service.bulk.job import Job
    from copydesk.service.bulk.shards import OutputError
    from copydesk.service.bulk.target import leave_out_outputs

    exit_codes = {DataError: 3, OutputError: 4}
    if address is not None and engine != "ray":
        raise ConfigError(f"--address {address}: it names a Ray cluster; add --engine ray")
    if Path(target) == _STDOUT and (resume or overwrite):
        option = "--resume" if resume else "--overwrite"
        raise ConfigError(f"{option}: standard output keeps nothing; name a file as OUTPUT")
    if desk is not None and source == str(_STDOUT):
        raise ConfigError("--desk: standard input is read once, for the answers; name a file as INPUT")
    where = _Engine(choose_bundle(bundle, store), device, (address or "local") if engine == "ray" else None)
    columns = Columns(text_column, html_column, title_column, id_column, tuple(filter(None, keep.split(","))))
    options = Options(stories, SummaryOptions(sentences=same_sentences or sentences, focus=focus))
    try:
        found = leave_out_outputs(find_source(source, Dialect.of(delimiter, encoding)), Path(target))
        parts = read_parts(include)
        job = Job(found, Path(target), columns, options, raw_cells=raw_cells, limit=limit, include=parts)
        with _handing_in(job, desk), _interrupted_by_sigterm():
            n_failed = _run(job, where, resume=resume, overwrite=overwrite)
    except CopydeskError as error:
        error.exit_code = exit_codes.get(type(error), error.exit_code)
        raise
    if n_failed:
        raise typer.Exit(1)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """What ends a job from outside ends it as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _handing_in(job: Job, project: str | None) -> Iterator[None]:
    """Hand the job's stories in to the desk when it is done; a desk or a project that is not there is told before."""
    if project is None:
        yield
        return
    need_extra("desk", "--desk")
    from copydesk.service.cli.desk import opened
    from copydesk.service.desk.reading.archive import take_in
    from copydesk.service.desk.store.projects import find_project

    with opened() as desk:
        with desk.database.read() as session:
            project_id = find_project(session, project).id
        yield
        added = take_in(desk.database, project_id, job.source, job.columns, job.limit)
    say(f"{added.n_new:,} new stories in project {project}, {added.n_known:,} were there")


def _run(job: Job, engine: _Engine, *, resume: bool, overwrite: bool) -> int:
    """Run the job to its end and say what it did; returns the number of failed rows."""
    from copydesk.model.files.rows import Position
    from copydesk.service.bulk.job import open_parts
    from copydesk.service.bulk.records import Counts
    from copydesk.service.cli.progress import JobProgress, summarise_job

    manifest = load_manifest(engine.bundle)
    check_focus(job.options.summary.focus, manifest.labels)
    position = Position()
    parts = open_parts(job, manifest, resume=resume, overwrite=overwrite) if job.target != _STDOUT else None
    total = parts.counts() if parts else Counts()
    progress = JobProgress(messages(), job.source.n_bytes if job.limit is None else None, total.rows)
    try:
        steps = _work(job, parts, engine, position) if parts else _stream(job, engine, position)
        with progress:
            for counts in steps:
                progress.add(counts, position.n_bytes)
    except (KeyboardInterrupt, Exception) as error:
        if not isinstance(error, CopydeskError):  # which says it all
            how = "interrupted" if isinstance(error, KeyboardInterrupt) else "stopped"
            say(f"{how} after {progress.counts.rows:,} rows; {_describe_kept(parts)}")
        raise
    finally:
        if parts:
            parts.close()
    total.add(progress.counts)
    say(summarise_job(total, progress, str(job.target)))
    return total.failed


def _describe_kept(parts: Parts | None) -> str:
    if parts is None:
        return "what was written to standard output is all there is"
    return f"{parts.counts().rows:,} are kept in {parts.folder}: go on with --resume"


def _stream(job: Job, engine: _Engine, position: Position) -> Iterator[Counts]:
    from copydesk.service.bulk.job import stream_bulk

    if engine.address is not None:
        raise ConfigError("--engine ray writes files, not standard output; name an OUTPUT")
    return stream_bulk(engine.load(), job, sys.stdout.buffer, position)


def _work(job: Job, parts: Parts, engine: _Engine, position: Position) -> Iterator[Counts]:
    from copydesk.service.bulk.job import run_bulk

    if engine.address is None:
        return run_bulk(engine.load(), job, parts, position)
    from copydesk.service.bulk.ray import Cluster, run_ray

    return run_ray(Cluster(engine.address, engine.bundle, engine.device), job, parts, position)

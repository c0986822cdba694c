"""Bulk jobs: rows in, an answer per row out, in order, whatever happens on the way."""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO

from copydesk.client.answers import Part
from copydesk.model.analysis import Document, Failure, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.errors import ConfigError, DataError
from copydesk.model.files.formats import Format, format_of
from copydesk.model.files.json import JsonObject
from copydesk.model.files.row import Row
from copydesk.model.files.rows import Position, read_rows
from copydesk.model.files.sources import Source
from copydesk.model.stream import GROUP
from copydesk.service.bulk.assembly import Table, assemble
from copydesk.service.bulk.columns import Columns, Item, check_columns, to_item
from copydesk.service.bulk.records import Counts, FlatFormat, check_keep, count, make_record, to_line
from copydesk.service.bulk.shards import OutputError, Parts, Shard
from copydesk.service.bulk.target import check_target

_EXPECTED = "expected .jsonl, .csv, .tsv or .parquet, each but the last also .gz or .zst"


@dataclass(frozen=True)
class Job:
    """What to read, how to analyse it, and where the rows go."""

    source: Source
    target: Path
    columns: Columns = field(default_factory=Columns)
    options: Options = field(default_factory=Options)
    shard_rows: int = GROUP
    limit: int | None = None  # rows to read, for a trial
    include: Collection[Part] | None = None  # parts of a whole answer; None: the usual ones
    raw_cells: bool = False  # of CSV: leave what a spreadsheet would run as a formula

    @property
    def format(self) -> Format:
        """Of the output. Raises ConfigError for an extension that is not known."""
        format = format_of(self.target.name)
        if format and format.kind != "json":  # answers come line by line
            return format
        raise ConfigError(f"{self.target}: the extension is not known; {_EXPECTED}, or - for standard output")

    def flat_format(self, bundle: Bundle) -> FlatFormat | None:
        """What a flat output holds; None for whole answers."""
        return None if self.format.kind == "jsonl" else FlatFormat(bundle.labels, bundle.digest)


def open_parts(job: Job, bundle: Bundle, *, resume: bool, overwrite: bool = False) -> Parts:
    """The folder of the job's shards, locked, once its input and output are as they must be.

    Raises ConfigError when another job's are there or OUTPUT is not to be replaced, DataError for the source's columns,
    OutputError.
    """
    if job.include and job.format.kind != "jsonl":
        raise ConfigError("--include chooses parts of JSON answers; name an OUTPUT that ends in .jsonl")
    check_keep(job.columns, bundle.labels, is_flat=job.format.kind != "jsonl")
    if resume and job.source.is_stdin:
        raise ConfigError("--resume: standard input is read only once; name a file")
    check_target(job.source, job.target, overwrite=overwrite)
    check_columns(job.source, job.columns)
    parts = Parts(job.target)
    parts.open(_journal(job, bundle), resume=resume)
    return parts


def run_bulk(analyzer: Analyzer, job: Job, parts: Parts, position: Position) -> Iterator[Counts]:
    """Analyse every row whose shard is not done yet, then make the output; yields the counts of each row, after
    counts of none once the shards that are done have been passed over.

    Raises DataError for the source, OutputError for the output; the shards that are done stay.
    """
    flat = job.flat_format(analyzer.bundle)
    waiting: deque[tuple[int, Item]] = deque()
    items = number_items(job, position, parts.done)
    first = list(islice(items, 1))
    yield Counts()

    def documents() -> Iterator[Document | Failure]:
        for number, item in chain(first, items):
            waiting.append((number, item))
            yield item.document

    current, shard = -1, Shard(flat, job.include)
    for result in analyzer.analyze_many(documents(), job.options, job.shard_rows):
        number, item = waiting.popleft()
        if number != current:
            if current >= 0:
                parts.save(current, shard)
            current, shard = number, Shard(flat, job.include)
        yield shard.add(item, result)
    if current >= 0:
        parts.save(current, shard)
    finish_bulk(analyzer.bundle, job, parts)


def finish_bulk(bundle: Bundle, job: Job, parts: Parts) -> None:
    """Make the output from the shards. Raises DataError when they have come from more than one state of the input."""
    if not parts.is_begun_with(job.source.fingerprint()):
        raise DataError(
            f"{job.source.name}: has changed while it was read; bring back what it was and go on with --resume, "
            f"or remove {parts.folder} and begin anew"
        )
    assemble(parts, job.format, Table(bundle.labels, job.columns.keep, raw_cells=job.raw_cells))


def stream_bulk(analyzer: Analyzer, job: Job, out: IO[bytes], position: Position) -> Iterator[Counts]:
    """Analyse every row and write whole answers as they come, with nothing on disk; yields the counts of each row."""
    check_keep(job.columns, (), is_flat=False)
    check_columns(job.source, job.columns)
    waiting: deque[Item] = deque()

    def documents() -> Iterator[Document | Failure]:
        for row in _rows(job, position):
            waiting.append(to_item(row, job.columns))
            yield waiting[-1].document

    for result in analyzer.analyze_many(documents(), job.options):
        try:
            out.write(to_line(make_record(waiting.popleft(), result, include=job.include)))
            out.flush()
        except OSError as error:
            raise OutputError(f"standard output: {error.strerror}; write to a file to be able to resume") from error
        yield count(result)


def number_items(job: Job, position: Position, done: Collection[int]) -> Iterator[tuple[int, Item]]:
    """The rows of the shards that are not done yet, each with its shard's number."""
    for i, row in enumerate(_rows(job, position)):
        if i // job.shard_rows not in done:
            yield i // job.shard_rows, to_item(row, job.columns)


def _rows(job: Job, position: Position) -> Iterator[Row]:
    for row in islice(read_rows(job.source, job.columns.names, position), job.limit):
        if job.source.hub and row.line == 1:
            job.columns.check(list(row.values), row.file)
        yield row


def _journal(job: Job, bundle: Bundle) -> JsonObject:
    return {
        "model": [bundle.name, bundle.digest],
        "options": asdict(job.options),
        "columns": asdict(job.columns),
        "format": asdict(job.format),
        "shard_rows": job.shard_rows,
        "limit": job.limit,
        "include": sorted(job.include) if job.include else None,
        "input": job.source.fingerprint(),
    }

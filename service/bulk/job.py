"""Bulk jobs: rows in, an answer per row out, in order, whatever happens on the way."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from copydesk.model.analysis import Document, Failure, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.errors import ConfigError
from copydesk.model.files.formats import EXPECTED, Format, format_of
from copydesk.model.files.json import JsonObject
from copydesk.model.files.rows import Position, read_rows
from copydesk.model.files.sources import Source
from copydesk.model.stream import GROUP, analyze_stream
from copydesk.service.bulk.assembly import assemble
from copydesk.service.bulk.columns import Columns, Item, to_item
from copydesk.service.bulk.records import Counts, check_keep, count, make_record, to_line
from copydesk.service.bulk.shards import OutputError, Parts, Shard


@dataclass(frozen=True)
class Job:
    """What to read, how to analyse it, and where the rows go."""

    source: Source
    target: Path
    columns: Columns = field(default_factory=Columns)
    options: Options = field(default_factory=Options)
    shard_rows: int = GROUP

    @property
    def format(self) -> Format:
        """Of the output. Raises ConfigError for an extension that is not known."""
        if format := format_of(self.target.name):
            return format
        raise ConfigError(f"{self.target}: the extension is not known; {EXPECTED}, or - for standard output")

    def flat_labels(self, bundle: Bundle) -> tuple[str, ...] | None:
        """The labels of a flat output; None for whole answers."""
        return None if self.format.kind == "jsonl" else bundle.labels


def open_parts(job: Job, bundle: Bundle, *, resume: bool) -> Parts:
    """The folder of the job's shards. Raises ConfigError when another job's are there, OutputError."""
    check_keep(job.columns, bundle.labels, is_flat=job.format.kind != "jsonl")
    if resume and job.source.is_stdin:
        raise ConfigError("--resume: standard input is read only once; name a file")
    parts = Parts(job.target)
    parts.open(_journal(job, bundle), resume=resume)
    return parts


def run_bulk(analyzer: Analyzer, job: Job, parts: Parts, position: Position) -> Iterator[Counts]:
    """Analyse every row whose shard is not done yet, then make the output; yields the counts of each row.

    Raises DataError for the source, OutputError for the output; the shards that are done stay.
    """
    labels = job.flat_labels(analyzer.bundle)
    waiting: deque[tuple[int, Item]] = deque()

    def documents() -> Iterator[Document | Failure]:
        for number, item in number_items(job, position, parts):
            waiting.append((number, item))
            yield item.document

    current, shard = -1, Shard(labels)
    for result in analyze_stream(analyzer, documents(), job.options, job.shard_rows):
        number, item = waiting.popleft()
        if number != current:
            if current >= 0:
                parts.save(current, shard)
            current, shard = number, Shard(labels)
        yield shard.add(item, result)
    if current >= 0:
        parts.save(current, shard)
    finish_bulk(analyzer.bundle, job, parts)


def finish_bulk(bundle: Bundle, job: Job, parts: Parts) -> None:
    """Make the output from the shards."""
    assemble(parts, job.format, bundle.labels, job.columns.keep)


def stream_bulk(analyzer: Analyzer, job: Job, out: IO[bytes], position: Position) -> Iterator[Counts]:
    """Analyse every row and write whole answers as they come, with nothing on disk; yields the counts of each row."""
    check_keep(job.columns, (), is_flat=False)
    waiting: deque[Item] = deque()

    def documents() -> Iterator[Document | Failure]:
        for row in read_rows(job.source, job.columns.names, position):
            waiting.append(to_item(row, job.columns))
            yield waiting[-1].document

    for result in analyze_stream(analyzer, documents(), job.options):
        try:
            out.write(to_line(make_record(waiting.popleft(), result)))
            out.flush()
        except OSError as error:
            raise OutputError(f"standard output: {error.strerror}; write to a file to be able to resume") from error
        yield count(result)


def number_items(job: Job, position: Position, parts: Parts) -> Iterator[tuple[int, Item]]:
    """The rows of unfinished shards, each with its shard's number."""
    for i, row in enumerate(read_rows(job.source, job.columns.names, position)):
        if not parts.is_done(i // job.shard_rows):
            yield i // job.shard_rows, to_item(row, job.columns)


def _journal(job: Job, bundle: Bundle) -> JsonObject:
    return {
        "model": [bundle.name, bundle.digest],
        "options": asdict(job.options),
        "columns": asdict(job.columns),
        "format": asdict(job.format),
        "shard_rows": job.shard_rows,
        "input": job.source.fingerprint(),
    }

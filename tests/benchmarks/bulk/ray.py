"""The same bulk job by the local engine and by Ray on this machine: the overhead, start-up aside, and the rows."""

import importlib.util
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench, Report, SkippedError, read_articles
from benchmarks.bulk.archives import write_articles
from benchmarks.bulk.rate import compare_answers
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.files.rows import Position
from copydesk.model.files.sources import find_source
from copydesk.service.bulk.job import Job, open_parts, run_bulk
from copydesk.service.bulk.ray import Cluster, run_ray
from copydesk.service.bulk.records import Counts

_WORK_S = 310  # of each engine
_SHARD_ROWS = 100  # small, because the first shard counts as start-up


@dataclass(frozen=True)
class Timing:
    """Seconds to the end of the first shard, and rows a second from then on."""

    first_s: float
    rate: float


def main(bench: Bench) -> Report:
    """Run both over so many articles that each works for five minutes."""
    if importlib.util.find_spec("ray") is None:
        raise SkippedError("ray is not installed; pip install -c constraints.txt -e '.[ray]'")
    report, articles = Report(), read_articles()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trial = _run(_make_job(folder / "trial.jsonl", articles, 3 * _SHARD_ROWS), bench.bundle, is_ray=False)
        n_rows = bench.pick(max(3, int(_WORK_S * trial.rate / _SHARD_ROWS)), 3) * _SHARD_ROWS
        jobs = [_make_job(folder / f"{engine}.jsonl", articles, n_rows) for engine in ("local", "ray")]
        local, ray = (_run(job, bench.bundle, is_ray=job is jobs[1]) for job in jobs)
        rows = [[json.loads(line) for line in job.target.open(encoding="utf-8")] for job in jobs]
    report.start_table("engine", "first shard s", "articles/s")
    for engine, timing in (("local", local), ("ray", ray)):
        report.add_row(engine, timing.first_s, timing.rate)
    report.add("articles", n_rows)
    report.add("overhead of Ray", 100 * (local.rate / ray.rate - 1), "%", at_most=25)
    compare_answers(report, "Ray and local", *rows)
    return report


def _make_job(target: Path, articles: list[dict[str, object]], n_rows: int) -> Job:
    source = write_articles(target.with_suffix(".in.jsonl"), articles, n_rows)
    return Job(find_source(str(source)), target, shard_rows=_SHARD_ROWS)


def _run(job: Job, bundle: Path, *, is_ray: bool) -> Timing:
    parts = open_parts(job, load_manifest(bundle), resume=False)
    if is_ray:
        return _time(run_ray(Cluster("local", bundle.absolute(), "auto"), job, parts, Position()))
    return _time(run_bulk(Analyzer.load(bundle), job, parts, Position()))


def _time(steps: Iterator[Counts]) -> Timing:
    start, first_s, n_first, n_rows = time.perf_counter(), 0.0, 0, 0
    for counts in steps:
        n_rows += counts.rows
        if not n_first and n_rows >= _SHARD_ROWS:
            first_s, n_first = time.perf_counter() - start, n_rows
    return Timing(first_s, (n_rows - n_first) / (time.perf_counter() - start - first_s))

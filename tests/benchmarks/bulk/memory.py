"""Memory of a bulk job: must not grow with its rows."""

import os
import tempfile
import time
from pathlib import Path

from benchmarks.bench import Bench, Report
from benchmarks.bulk.archives import start_job, write_short_rows
from support.tiny import make_tiny_bundle


def main(bench: Bench) -> Report:
    """A small and a large job of short rows on the tiny bundle."""
    report = Report()
    report.start_table("rows", "peak MB", "s", "rows/s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tiny_bundle(folder / "tiny")
        peaks = [_measure(report, folder, n_rows) for n_rows in bench.pick((10_000, bench.n_rows), (1_000, 3_000))]
    report.add("peak of the large job / of the small one", peaks[1] / peaks[0], at_most=1.15)
    return report


def _measure(report: Report, folder: Path, n_rows: int) -> float:
    """Peak resident memory in MB of a job of so many rows."""
    source = write_short_rows(folder / f"{n_rows}.jsonl", n_rows, 1)
    start = time.perf_counter()
    job = start_job(source, folder / f"{n_rows}.out.jsonl", folder / "tiny")
    _, status, usage = os.wait4(job.pid, 0)
    job.returncode = os.waitstatus_to_exitcode(status)  # or Popen would wait for it again
    if job.returncode:
        raise RuntimeError(f"the job of {n_rows} rows ended with {job.returncode}")
    seconds = time.perf_counter() - start
    report.add_row(f"{n_rows:,}", usage.ru_maxrss / 1024, seconds, n_rows / seconds)
    return usage.ru_maxrss / 1024

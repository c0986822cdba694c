"""A bulk job killed at random moments and resumed each time: is its output that of an unbroken run?"""

import random
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.bench import Bench, Report
from benchmarks.bulk.archives import start_job, write_short_rows
from support.tiny import make_tiny_bundle

_LIMIT_S = 900
_SEED = 0


def main(bench: Bench) -> Report:
    """Run a job whole, then with kills, on the tiny bundle."""
    n_kills, n_rows = bench.pick(30, 2), bench.pick(100_000, 2_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tiny_bundle(folder / "tiny")
        source = write_short_rows(folder / "in.jsonl", n_rows, 2)
        start = time.perf_counter()
        start_job(source, folder / "whole.jsonl", folder / "tiny").wait(_LIMIT_S)
        whole_s = time.perf_counter() - start
        moments = _kill_often(source, folder / "out.jsonl", folder / "tiny", n_kills, whole_s)
        start_job(source, folder / "out.jsonl", folder / "tiny", "--resume").wait(_LIMIT_S)
        n_out = sum(1 for _ in (folder / "out.jsonl").open("rb"))
        is_same = (folder / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()
    report = Report()
    report.add("unbroken", whole_s, "s")
    report.add("kills", len(moments), at_least=n_kills)
    report.add("of them after the first shard", sum(n_shards > 0 for n_shards in moments))
    report.add("rows in", n_rows)
    report.add("rows out", n_out, at_least=n_rows, at_most=n_rows)
    report.add("byte-identical", is_same, at_least=1)
    return report


def _kill_often(source: Path, target: Path, bundle: Path, n_kills: int, whole_s: float) -> list[int]:
    """Kill the job after a random part of its time, again and again; finished shards at each kill.

    The moments lie anywhere from the start on, loading included. The last wait may see the job's end: then it starts
    anew without what it wrote.
    """
    chance = random.Random(_SEED)
    moments: list[int] = []
    while len(moments) < n_kills:
        job = start_job(source, target, bundle, "--resume")
        try:
            job.wait(chance.uniform(0, min(whole_s, 20)))
            target.unlink()
        except subprocess.TimeoutExpired:
            job.kill()
            job.wait()
            moments.append(len(list(target.with_name(f"{target.name}.parts").glob("*.done.json"))))
    return moments

"""What bulk jobs are measured on: rate, kill -9, memory.

PYTHONPATH=.:tests python tests/benchmarks/bulk.py rate --bundle model/default --rows 500
PYTHONPATH=.:tests python tests/benchmarks/bulk.py kill --kills 30
PYTHONPATH=.:tests python tests/benchmarks/bulk.py memory --rows 1000000
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from model.analysis import Document, Options
from model.analyzer import Analyzer
from model.bundle import DEFAULT_BUNDLE
from model.stream import cut_chunks
from service.bulk import Job, open_parts, run_bulk
from service.rows import Position
from service.sources import find_source
from tiny import ROOT, STORY, make_tiny_bundle

commands = typer.Typer()


@commands.command()
def rate(bundle: Path = DEFAULT_BUNDLE, rows: int = 500, sentences: int = 50, rounds: int = 3) -> None:
    """Articles/s of the whole job beside the bare forward pass over the same chunks, in turns."""
    analyzer = Analyzer.load(bundle)
    with tempfile.TemporaryDirectory() as folder:
        source = _write_rows(Path(folder) / "in.jsonl", rows, sentences)
        for _ in range(rounds):
            bare, whole = _forward_s(analyzer, source), _job_s(analyzer, source)
            print(f"forward {rows / bare:.1f} articles/s, job {rows / whole:.1f}: {bare / whole:.0%}")


@commands.command()
def kill(kills: int = 30, rows: int = 20_000, seed: int = 0) -> None:
    """Kill a job at random moments, resume it each time, and compare its output with an unbroken run's."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tiny_bundle(folder / "tiny")
        source = _write_rows(folder / "in.jsonl", rows, 2)
        start = time.perf_counter()
        _start(source, folder / "whole.jsonl").wait()
        seconds = time.perf_counter() - start
        n_killed = 0
        for _ in range(kills):
            job = _start(source, folder / "out.jsonl", "--resume")
            try:
                job.wait(chance.uniform(0, 2 * seconds / max(kills, 1)) + _startup_s(seconds))
                break
            except subprocess.TimeoutExpired:
                job.kill()
                job.wait()
                n_killed += 1
        _start(source, folder / "out.jsonl", "--resume").wait()
        is_same = (folder / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()
        print(f"killed {n_killed} times in a job of {seconds:.0f} s: {'identical' if is_same else 'DIFFERENT'}")


@commands.command()
def memory(rows: Annotated[int, typer.Option(help="Of the large job.")] = 1_000_000, small: int = 10_000) -> None:
    """Peak memory of a small and a large job of short rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tiny_bundle(folder / "tiny")
        peaks = [_peak_mib(_write_rows(folder / f"{n}.jsonl", n, 1), folder / f"{n}.out.jsonl") for n in (small, rows)]
    print(f"{small:,} rows {peaks[0]:.0f} MiB, {rows:,} rows {peaks[1]:.0f} MiB: {peaks[1] / peaks[0]:.0%}")


def _write_rows(path: Path, n_rows: int, n_sentences: int) -> Path:
    """A row per line of about 25 tokens a sentence; no two are the same."""
    with path.open("w") as file:
        for n in range(n_rows):
            text = " ".join(f"{STORY.splitlines()[i % 2]} Unit {n} of {i} said so." for i in range(n_sentences))
            file.write(json.dumps({"id": n, "text": text}) + "\n")
    return path


def _forward_s(analyzer: Analyzer, source: Path) -> float:
    documents = [Document(json.loads(line)["text"]) for line in source.read_text().splitlines()]
    prepared = [analyzer.prepare(document, Options()) for document in documents]
    chunks = list(cut_chunks(prepared, 16 * analyzer.device.batch_tokens, len(prepared)))
    start = time.perf_counter()
    for chunk in chunks:
        analyzer.forward(chunk)
    return time.perf_counter() - start


def _job_s(analyzer: Analyzer, source: Path) -> float:
    job = Job(find_source(str(source)), source.with_name("out.jsonl"))
    start = time.perf_counter()
    for _ in run_bulk(analyzer, job, open_parts(job, analyzer.bundle, resume=False), Position()):
        pass
    return time.perf_counter() - start


def _start(source: Path, target: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(ROOT / "copydesk.py"), "batch", str(source), str(target), "--device", "cpu"]
    bundle = ["--bundle", str(source.parent / "tiny")]
    return subprocess.Popen([*command, *bundle, *options], stderr=subprocess.DEVNULL)


def _startup_s(whole_s: float) -> float:
    """Seconds before the first row: killing earlier than that for ever would never end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import model.analyzer"], cwd=ROOT, check=True)
    return min(time.perf_counter() - start, whole_s)


def _peak_mib(source: Path, target: Path) -> float:
    _, _, usage = os.wait4(_start(source, target).pid, 0)
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    commands()

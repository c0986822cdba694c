"""copydesk on a GPU: answers as on the CPU, the encoder alone, a bulk job, and HTTP beside a plain service.

In under four minutes, on texts of the corpus, without a network. Each phase has its time and its figures are kept when
it ends; one that fails leaves the others alone. Without CUDA only --quick runs, on the CPU.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
import uvloop

from benchmarks.bench import Bench, Report, SkippedError, describe_machine
from benchmarks.bulk.archives import write_rows
from benchmarks.servers import Server, find_port, run_server
from benchmarks.speed.engine import compare_with_exact
from benchmarks.speed.load import REFUSALS, Load, measure
from benchmarks.speed.peers import serve_plain
from copydesk.model.analysis import Analysis, Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import CARD, load_manifest
from copydesk.model.bundles.weights import load_network, load_weights, save_bundle
from copydesk.model.files.rows import Position
from copydesk.model.files.sources import find_source
from copydesk.model.network.device import Device, choose_device
from copydesk.model.network.encoder.files import find_encoder, load_tokenizer, special_tokens
from copydesk.model.network.lanes import Packed, Rectangles
from copydesk.service.bulk.job import Job, open_parts, run_bulk
from support.tiny import ROOT

CLIENTS = (1, 16, 64, 256)
_TOTAL_S = 225
_SLACK = 10  # times as long may everything take where only whether it works is asked
_STEPS = (1, 7, 13)  # from text to text, through the corpus, of each of its stories; three are as long as an article
_N_COMPARED = 64
_N_ENCODED = 200
_JOB_S = 20.0
_LAST_ANSWERS_S = 12.0  # of a closed loop, after its time
_N_TRIAL = 2000  # rows of the job that tells how many fill its time; its first half warms up


@dataclass(frozen=True)
class Setting:
    """What all phases measure: a bundle on a device, the same device with the processes that it has in use, and
    texts."""

    bench: Bench
    bundle: Path
    device: Device
    staffed: Device
    texts: Sequence[str]
    folder: Path

    @property
    def is_gpu(self) -> bool:
        """The figures count."""
        return self.device.device.type == "cuda"

    @cached_property
    def alone(self) -> Analyzer:
        """Without processes."""
        return Analyzer.load(self.bundle, self.device)

    @cached_property
    def analyzer(self) -> Analyzer:
        """With its processes."""
        return Analyzer.load(self.bundle, self.staffed)


@dataclass(frozen=True)
class Phase:
    """A part of the measurement and the most seconds that it may take."""

    name: str
    limit_s: float
    run: Callable[[Report], None]


def main(bench: Bench) -> Report:
    """Measure everything."""
    if not torch.cuda.is_available() and not bench.is_quick:
        raise SkippedError("no CUDA device is here; --quick tries everything on the CPU")
    device = choose_device("cuda" if torch.cuda.is_available() else "cpu")
    staffed = device.staffed() if device.device.type == "cuda" else replace(device, n_processes=2)
    report, started = Report(), time.perf_counter()
    bench.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        bundle = on_encoder(bench, Path(name) / "bundle")
        setting = Setting(bench, bundle, device, staffed, compose_texts(bench.pick(20_000, 60)), Path(name))
        servers = ThreadPoolExecutor()  # they start beside the first phases
        ours = servers.submit(stack.enter_context, _serve(bench, bundle, device))
        plain = servers.submit(stack.enter_context, serve_plain(bench, device.device.type))
        print(describe_machine(), flush=True)
        for phase in _list_phases(setting, ours, plain):
            run_phase(phase, report, bench.pick(1, _SLACK) * _TOTAL_S - (time.perf_counter() - started))
            bench.keep("gpu", report, time.perf_counter() - started)
    return report


def compose_texts(n: int) -> list[str]:
    """Texts of an article's length, no two alike, from the stories of the corpus."""
    files = sorted((ROOT / "training" / "corpus").glob("*.jsonl"))
    stories = [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def choose(i: int) -> Iterator[str]:
        for k, step in enumerate(_STEPS):
            yield stories[(step * i + k * (i // len(stories) + 5)) % len(stories)]

    return ["\n\n".join(choose(i)) for i in range(n)]


def on_encoder(bench: Bench, folder: Path) -> Path:
    """The bundle, or its like on the copy of its encoder that was named."""
    if bench.encoder is None:
        return bench.bundle
    files = find_encoder(str(bench.encoder.absolute()))
    manifest = replace(
        load_manifest(bench.bundle), encoder=files.name, encoder_revision=None, encoder_sha256=files.sha256
    )
    card = (bench.bundle / CARD).read_text(encoding="utf-8")
    save_bundle(folder, manifest, load_weights(bench.bundle), card)
    return folder


@contextmanager
def _serve(bench: Bench, bundle: Path, device: Device) -> Iterator[Server]:
    """copydesk with this bundle."""
    port, script = find_port(), Path(__file__).with_name("text_server.py")
    command = [sys.executable, str(script), str(bundle), device.device.type, str(port)]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    log = bench.folder / "copydesk.log"
    with run_server(command, f"http://127.0.0.1:{port}", "/readyz", {"PYTHONPATH": path}, log=log) as server:
        yield server


def _list_phases(setting: Setting, ours: "Future[Server]", plain: "Future[Server]") -> list[Phase]:
    steps: dict[str, tuple[float, Callable[[Report], None]]] = {
        "answers": (60, lambda report: _compare_answers(report, setting)),
        "encoder": (40, lambda report: _time_encoder(report, setting)),
        "processes": (45, lambda report: _time_preparing(report, setting)),
        "bulk": (90, lambda report: _time_bulk(report, setting)),
        "HTTP, copydesk": (60, lambda report: _load(report, setting, ours, "copydesk", "copydesk")),
        "HTTP, plain": (60, lambda report: _load(report, setting, plain, "plain", "tei")),
    }
    return [Phase(name, setting.bench.pick(1, _SLACK) * limit_s, run) for name, (limit_s, run) in steps.items()]


def run_phase(phase: Phase, report: Report, left_s: float) -> None:
    """Run the phase for its time, or what is left of the whole; say what broke. One that hangs is left behind."""
    limit_s = min(phase.limit_s, left_s)
    print(f"-- {phase.name}, at most {limit_s:.0f} s", flush=True)
    if limit_s <= 0:
        return
    started = time.perf_counter()

    def work() -> None:
        try:
            phase.run(report)
        except Exception:  # the other phases still count
            traceback.print_exc()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit_s)
    outcome = "took longer, left behind after" if thread.is_alive() else ""
    print(f"   {phase.name}: {outcome} {time.perf_counter() - started:.1f} s", flush=True)


def _compare_answers(report: Report, setting: Setting) -> None:
    """The device's answers beside those of the CPU in fp32, by torch."""
    cpu = Device(torch.device("cpu"), torch.float32, batch_tokens=1024, n_parallel=torch.get_num_threads())
    texts = setting.texts[: setting.bench.pick(_N_COMPARED, 8)]
    exact = Analyzer.load(setting.bundle, cpu).analyze_many(texts)
    fast = setting.alone.analyze_many(texts)
    compare_with_exact(report, *([a for a in answers if isinstance(a, Analysis)] for answers in (exact, fast)))


def _time_encoder(report: Report, setting: Setting) -> None:
    """Tokens/s of full passes, and the time of a lone article's pass."""
    analyzer = setting.alone
    engine = analyzer.engine
    report.add("windows are packed", isinstance(engine._lane, Packed), at_least=int(setting.is_gpu))
    texts = setting.texts[: setting.bench.pick(_N_ENCODED, 20)]
    documents = [analyzer.prepare(Document(text), Options()).tokens for text in texts] * setting.bench.pick(5, 1)
    stories = [story for document in documents for story in document]
    n_tokens = sum(story.n_tokens for story in stories)
    lone = _median_s(lambda: engine.forward(documents[:1]), setting.bench.pick(50, 3))
    report.add("a lone article's pass", 1000 * lone, "ms")
    full = _median_s(lambda: engine.begin(documents).end(), setting.bench.pick(5, 2))
    report.add("encoder", n_tokens / full, "tokens/s")
    report.add("encoder: articles", len(documents) / full, "articles/s")
    whole = _median_s(lambda: engine.forward(documents), setting.bench.pick(5, 2))
    report.add("encoder and heads", len(documents) / whole, "articles/s")
    padded = _load_padded(setting)

    def run_padded() -> None:
        padded.start(stories, setting.device.batch_tokens).result()
        if setting.is_gpu:
            torch.cuda.synchronize()

    seconds = _median_s(run_padded, setting.bench.pick(3, 1))
    report.add("encoder, windows padded", n_tokens / seconds, "tokens/s")


def _time_preparing(report: Report, setting: Setting) -> None:
    """Articles/s that the processes prepare, and how long they take to start."""
    started = time.perf_counter()
    crew = setting.analyzer.crew
    assert crew, "the device has processes"
    report.add(f"{setting.staffed.n_processes} processes and a model ready after", time.perf_counter() - started, "s")
    texts = setting.texts[: setting.bench.pick(4 * _N_ENCODED, 20)]
    list(crew.prepare_all(map(Document, texts[:100]), Options()))  # warm-up
    started = time.perf_counter()
    list(crew.prepare_all(map(Document, texts), Options()))
    report.add("prepared by them", len(texts) / (time.perf_counter() - started), "articles/s")


def _load_padded(setting: Setting) -> Rectangles:
    manifest = load_manifest(setting.bundle)
    files = find_encoder(manifest.encoder, manifest.encoder_revision)
    network = load_network(setting.bundle, manifest, files).to(setting.device.device)
    network.encoder.to(setting.device.dtype)
    return Rectangles(network, setting.device, special_tokens(load_tokenizer(files)))


def _median_s(action: Callable[[], object], n_rounds: int) -> float:
    """Seconds, after a round to warm up."""
    times = []
    for _ in range(n_rounds + 1):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def _time_bulk(report: Report, setting: Setting) -> None:
    """Rows a second of jobs, the first shard aside: with its processes, and by one process alone."""
    n_trial, shard_rows = setting.bench.pick((_N_TRIAL, 1000), (60, 20))
    trial = _run_job(setting, setting.analyzer, n_trial, shard_rows)
    n_rows = min(setting.bench.pick(60_000, 60), max(n_trial, int(_JOB_S * trial) // shard_rows * shard_rows))
    rate = _run_job(setting, setting.analyzer, n_rows, shard_rows)
    report.add("bulk job: rows", n_rows)
    report.add("bulk job", rate, "articles/s", at_least=1000 if setting.is_gpu else None)
    alone = _run_job(
        setting, Analyzer.load(setting.bundle, setting.device), setting.bench.pick(800, 40), shard_rows // 2
    )
    report.add("bulk job by one process", alone, "articles/s")


def _run_job(setting: Setting, analyzer: Analyzer, n_rows: int, shard_rows: int) -> float:
    """Rows a second from the end of the first shard on."""
    texts = (setting.texts[i % len(setting.texts)] for i in range(n_rows))
    source = write_rows(setting.folder / "in.jsonl", ({"id": i, "text": text} for i, text in enumerate(texts)))
    job = Job(find_source(str(source)), setting.folder / "out.jsonl", shard_rows=shard_rows)
    parts = open_parts(job, analyzer.bundle, resume=False, overwrite=True)
    n_done, n_first, first = 0, 0, time.perf_counter()
    for counts in run_bulk(analyzer, job, parts, Position()):
        n_done += counts.rows
        if not n_first and n_done > shard_rows:
            n_first, first = n_done, time.perf_counter()
    return (n_done - n_first) / (time.perf_counter() - first)


def _load(report: Report, setting: Setting, starting: "Future[Server]", name: str, kind: str) -> None:
    """Closed loops of more and more clients."""
    server, seconds = starting.result(), setting.bench.pick(6.0, 0.5)
    texts = setting.texts[:2000]
    last_s = setting.bench.pick(1, _SLACK) * _LAST_ANSWERS_S
    _measure(server, kind, texts, 64, seconds=seconds / 2, last_s=last_s)  # warm-up
    report.start_table("service, clients", "articles/s", "p50 ms", "p99 ms", "refused", "broken", "peak MB")
    for n_clients in setting.bench.pick(CLIENTS, (1, 4)):
        load = _measure(server, kind, texts, n_clients, seconds=seconds, last_s=last_s)
        report.add_row(
            f"{name}, {n_clients}",
            load.goodput,
            load.quantile_ms(0.5, 200),
            load.quantile_ms(0.99, 200),
            float(load.count(*REFUSALS)),
            float(load.n_broken),
            load.memory_mb,
        )


def _measure(server: Server, kind: str, texts: Sequence[str], n_clients: int, *, seconds: float, last_s: float) -> Load:
    """Raises TimeoutError when the last answers take too long."""
    load = measure(server, kind, texts, n_clients=n_clients, seconds=seconds)
    return uvloop.run(asyncio.wait_for(load, seconds + last_s))

"""copydesk over HTTP: alone, under its full load and ten times that, and ended under load; beside two other servers.

The others are a plain FastAPI service around a transformers pipeline and, where its virtual environment is named,
Infinity. Both read the first 512 tokens and give labels only; copydesk reads whole articles and sums them up too.
"""

import asyncio
import contextlib
import math
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import uvloop

from benchmarks.bench import Bench, Report, SkippedError, read_articles
from benchmarks.servers import Server, serve_copydesk
from benchmarks.speed.load import BROKEN, NOT_CONNECTED, REFUSALS, Client, Load, make_bodies, measure, run_open
from benchmarks.speed.load_plot import plot_load
from benchmarks.speed.peers import serve_infinity, serve_plain
from copydesk.model.network.encoder.files import DEFAULT_ENCODER, find_encoder, load_tokenizer

N_CLIENTS = 16
CROWDS = (32, 64)  # clients, none of which may be refused
LOADS = (0.7, 1, 3, 10)  # times the capacity
_ALONE_TOKENS = range(900, 1101)
_MAX_ALONE_MS, _MAX_REFUSAL_MS, _MAX_END_S = 35, 20, 30
_LASTING_S = 20.0  # of more than the capacity, before it is measured: until then the queue fills and is emptied again
_COLUMNS = ("sent/s", "good/s", "p50 ms", "p99 ms", "refused/s", "ref. p99", "broken", "no livez", "peak MB")


def main(bench: Bench) -> Report:
    """Measure every server, one after the other."""
    texts = [row["text"] for row in read_articles()]
    report = Report()
    report.start_table("service, load", *_COLUMNS)
    peers: dict[str, tuple[str, AbstractContextManager[Server]]] = {"plain": ("tei", serve_plain(bench))}
    if bench.infinity:
        peers["Infinity"] = ("infinity", serve_infinity(bench.infinity))
    capacities = {}
    for name, (kind, serve) in peers.items():
        try:
            with serve as server:
                capacities[name] = uvloop.run(_measure_alone_and_full(report, bench, server, name, kind, texts))[-1]
        except SkippedError as reason:
            print(f"{name} is skipped: {reason}", flush=True)
    with serve_copydesk("--bundle", bench.bundle) as server:
        alone, full = uvloop.run(_measure_alone_and_full(report, bench, server, "copydesk", "copydesk", texts))
        crowds = uvloop.run(_measure_crowds(report, bench, server, texts))
        loads = uvloop.run(_measure_open(report, bench, server, texts, full))
    small = None if bench.is_quick else _measure_fast(report, bench, texts)
    if "Infinity" not in capacities:
        print("Infinity was not measured: --infinity VENV names its virtual environment, and makes it", flush=True)
    report.add("refused of 16, 32 and 64 clients", sum(load.count(*REFUSALS) for load in (full, *crowds)), at_most=0)
    _judge(report, alone, full, loads, capacities)
    if small:
        _judge_fast(report, small, capacities)
    with serve_copydesk("--bundle", bench.bundle) as server:
        uvloop.run(_end_under_load(report, bench, server, texts, full.goodput))
    bench.folder.mkdir(parents=True, exist_ok=True)
    (bench.folder / "load.svg").write_text(plot_load(report.to_json()["rows"]), encoding="utf-8")
    print(f"plot: {bench.folder / 'load.svg'}", flush=True)
    return report


async def _measure_alone_and_full(
    report: Report, bench: Bench, server: Server, name: str, kind: str, texts: Sequence[str]
) -> list[Load]:
    """One client with articles of 1,000 tokens, then sixteen with all."""
    seconds = bench.pick(20.0, 1.0)
    await measure(server, kind, texts, n_clients=N_CLIENTS, seconds=seconds / 2)  # warm-up
    alone = await measure(server, kind, _choose_thousands(texts), n_clients=1, seconds=seconds / 2)
    _add_row(report, f"{name}, alone", alone)
    full = await measure(server, kind, texts, n_clients=N_CLIENTS, seconds=seconds)
    _add_row(report, f"{name}, {N_CLIENTS} clients", full)
    return [alone, full]


def _measure_fast(report: Report, bench: Bench, texts: Sequence[str]) -> Load:
    """The bundle `fast`, at sixteen clients."""
    with serve_copydesk("--bundle", "fast") as server:
        return uvloop.run(_measure_alone_and_full(report, bench, server, "fast", "copydesk", texts))[-1]


async def _measure_crowds(report: Report, bench: Bench, server: Server, texts: Sequence[str]) -> list[Load]:
    """More and more clients, each of which waits for its answer."""
    loads = []
    for n_clients in CROWDS:
        loads.append(await measure(server, "copydesk", texts, n_clients=n_clients, seconds=bench.pick(20.0, 1.0)))
        _add_row(report, f"copydesk, {n_clients} clients", loads[-1])
    return loads


async def _measure_open(
    report: Report, bench: Bench, server: Server, texts: Sequence[str], full: Load
) -> dict[float, Load]:
    """Arrivals at multiples of the capacity."""
    loads = {}
    for times in LOADS:
        rate, seconds = times * full.goodput, bench.pick(30.0, 1.0)
        warm_s = bench.pick(_LASTING_S, 0.5) if times > 1 else 0.0
        loads[times] = await measure(server, "copydesk", texts, rate=rate, seconds=seconds, warm_s=warm_s)
        _add_row(report, f"copydesk, {times:g}x", loads[times])
    return loads


def _add_row(report: Report, name: str, load: Load) -> None:
    report.add_row(
        name,
        load.sent,
        load.goodput,
        load.quantile_ms(0.5, 200),
        load.quantile_ms(0.99, 200),
        load.count(*REFUSALS) / load.seconds,
        load.quantile_ms(0.99, *REFUSALS),
        float(load.n_broken),
        float(load.n_dead),
        load.memory_mb,
    )


def _judge(report: Report, alone: Load, full: Load, loads: dict[float, Load], capacities: dict[str, Load]) -> None:
    """The figures that copydesk must reach."""
    for name, at_least in (("Infinity", 2.5), ("plain", 2.5)):
        if name in capacities:
            report.add(f"times the articles/s of {name}", full.goodput / capacities[name].goodput, at_least=at_least)
    report.add("alone, 1,000 tokens: p50", alone.quantile_ms(0.5, 200), "ms", at_most=_MAX_ALONE_MS)
    usual = loads[min(LOADS)].quantile_ms(0.99, 200)
    for times, load in loads.items():
        if times > 1:
            _judge_overload(report, f"{times:g}x", load, full.goodput, usual)
    report.add("/livez did not answer", sum(load.n_dead for load in loads.values()), at_most=0)
    memory = max(load.memory_mb for load in loads.values()) / full.memory_mb
    report.add("peak memory / warm", memory, at_most=1.3)


def _judge_fast(report: Report, small: Load, capacities: Mapping[str, Load]) -> None:
    for name, load in capacities.items():
        report.add(f"bundle fast: times the articles/s of {name}", small.goodput / load.goodput, at_least=4)


def _judge_overload(report: Report, name: str, load: Load, capacity: float, usual_ms: float) -> None:
    report.add(f"{name}: goodput / capacity", load.goodput / capacity, at_least=0.95)
    refused_ms = load.quantile_ms(0.99, *REFUSALS)
    at_most = None if math.isnan(refused_ms) else _MAX_REFUSAL_MS
    report.add(f"{name}: p99 of refusals", refused_ms, "ms", at_most=at_most)
    report.add(f"{name}: p99 of the admitted / at 0.7x", load.quantile_ms(0.99, 200) / usual_ms, at_most=3)


async def _end_under_load(report: Report, bench: Bench, server: Server, texts: Sequence[str], rate: float) -> None:
    """SIGTERM amid arrivals at capacity, each on a connection of its own: what got a connection must get its answer."""
    client, seconds = Client(server.url, keeps=False), bench.pick(10.0, 2.0)
    path, bodies = make_bodies("copydesk", texts)
    requests = [client.make_request("POST", path, body) for body in bodies]
    arrivals = asyncio.create_task(run_open(client, requests, rate, seconds))
    await asyncio.sleep(seconds / 2)
    started = time.perf_counter()
    server.process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):  # the figures say so
        await asyncio.to_thread(server.process.wait, 2 * _MAX_END_S)
    end_s = time.perf_counter() - started
    answers = await arrivals
    n_late = sum(answer.status == NOT_CONNECTED for answer in answers)
    print(f"SIGTERM under load: {len(answers)} requests, {n_late} of them found the port closed", flush=True)
    report.add("SIGTERM under load: lost", sum(answer.status == BROKEN for answer in answers), at_most=0)
    exit_code = server.process.poll()
    report.add("SIGTERM under load: exit code", math.nan if exit_code is None else exit_code, at_most=0, at_least=0)
    report.add("SIGTERM under load: ended after", end_s, "s", at_most=_MAX_END_S)


def _choose_thousands(texts: Sequence[str]) -> list[str]:
    """The articles of about 1,000 tokens."""
    tokenizer = load_tokenizer(find_encoder(DEFAULT_ENCODER))
    return [text for text in texts if len(tokenizer.encode(text).ids) in _ALONE_TOKENS]

"""HTTP load on one service: closed loop, then arrivals at a fixed rate of 1, 3 and 10 times its capacity.

    python tests/benchmarks/http_load.py copydesk http://127.0.0.1:8000 ARTICLES.jsonl --pid PID

The kinds are copydesk, tei (POST /predict: copydesk, plain_service.py) and infinity (POST /classify). The articles are
rows with a `text`. Only ratios of runs on the same machine, side by side, mean anything.
"""

import argparse
import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

BODIES: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {  # Any: JSON
    "copydesk": ("/v1/analyze", lambda text: {"documents": [{"text": text}]}),
    "tei": ("/predict", lambda text: {"inputs": text, "truncate": True}),
    "infinity": ("/classify", lambda text: {"model": "m", "input": [text]}),
}
_TIMEOUT_S = 120
_ROW = "{:<12}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}{:>8}{:>9}{:>10}"


@dataclass(frozen=True)
class Answer:
    """One request; status 0 stands for a broken connection."""

    status: int
    seconds: float


@dataclass(frozen=True)
class Target:
    """A service and the bodies to send it, ready made."""

    url: str
    bodies: Sequence[bytes]
    pid: int | None

    async def ask(self, client: httpx.AsyncClient, body: bytes) -> Answer:
        """Send one body and time the answer."""
        started = time.perf_counter()
        try:
            response = await client.post(self.url, content=body, headers={"Content-Type": "application/json"})
            status = response.status_code
        except httpx.TransportError:
            status = 0
        return Answer(status, time.perf_counter() - started)

    def memory_mb(self) -> float:
        """Resident memory of the service and its children now."""
        if self.pid is None:
            return float("nan")
        process = psutil.Process(self.pid)
        return float(sum(p.memory_info().rss for p in (process, *process.children(recursive=True)))) / 2**20


async def run_closed(target: Target, client: httpx.AsyncClient, n_clients: int, seconds: float) -> list[Answer]:
    """Each client sends its next request when it has its answer."""
    end, bodies = time.perf_counter() + seconds, itertools.cycle(target.bodies)
    answers: list[Answer] = []

    async def work() -> None:
        while time.perf_counter() < end:
            answers.append(await target.ask(client, next(bodies)))

    await asyncio.gather(*(work() for _ in range(n_clients)))
    return answers


async def run_open(target: Target, client: httpx.AsyncClient, rate: float, seconds: float) -> list[Answer]:
    """Requests arrive at random times, `rate` a second on average, whatever became of those before."""
    random.seed(0)
    bodies, tasks = itertools.cycle(target.bodies), []
    due = started = time.perf_counter()
    while due - started < seconds:
        await asyncio.sleep(due - time.perf_counter())
        tasks.append(asyncio.create_task(target.ask(client, next(bodies))))
        due += random.expovariate(rate)
    return await asyncio.gather(*tasks)


async def watch(target: Target, client: httpx.AsyncClient, seen: dict[str, float]) -> None:
    """Until cancelled: the highest memory, and how often /livez did not answer."""
    health = f"{target.url.rpartition('/')[0].removesuffix('/v1')}/livez"
    while True:
        seen["memory_mb"] = max(seen["memory_mb"], target.memory_mb())
        try:
            seen["dead"] += (await client.get(health, timeout=5)).status_code >= 500
        except httpx.TransportError:
            seen["dead"] += 1
        await asyncio.sleep(0.2)


def describe(name: str, answers: Sequence[Answer], seconds: float, seen: dict[str, float]) -> float:
    """Print a row of the table; the goodput in articles/s."""
    good = [answer.seconds for answer in answers if answer.status == 200]
    refused = [answer.seconds for answer in answers if answer.status in (429, 503)]
    goodput = len(good) / seconds
    numbers = (len(answers) / seconds, goodput, *_ms(good), *_ms(refused))
    n_broken = len(answers) - len(good) - len(refused)
    cells = [f"{number:.1f}" for number in numbers]
    print(_ROW.format(name, *cells, n_broken, int(seen["dead"]), f"{seen['memory_mb']:.0f}"), flush=True)
    return goodput


async def measure(name: str, target: Target, n_clients: int, rate: float, seconds: float) -> float:
    """One row: a closed loop of `n_clients`, or arrivals at `rate`; the goodput."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=256)
    seen = {"memory_mb": target.memory_mb(), "dead": 0.0}
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, limits=limits) as client, httpx.AsyncClient() as prober:
        watcher = asyncio.create_task(watch(target, prober, seen))
        started = time.perf_counter()
        if n_clients:
            answers = await run_closed(target, client, n_clients, seconds)
        else:
            answers = await run_open(target, client, rate, seconds)
        elapsed = time.perf_counter() - started
        watcher.cancel()
    return describe(name, answers, elapsed, seen)


async def main() -> None:
    """The table of one service."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=BODIES)
    parser.add_argument("url")
    parser.add_argument("articles", type=Path)
    parser.add_argument("--seconds", type=float, default=20, help="of each row")
    parser.add_argument("--clients", type=int, default=16, help="of the closed loop, whose goodput is the capacity")
    parser.add_argument("--loads", type=float, nargs="*", default=[0.7, 1, 3, 10], help="times the capacity")
    parser.add_argument("--pid", type=int, help="of the service, for its memory")
    args = parser.parse_args()
    path, make_body = BODIES[args.kind]
    rows = args.articles.read_text(encoding="utf-8").splitlines()
    bodies = [json.dumps(make_body(json.loads(row)["text"])).encode() for row in rows]
    target = Target(args.url.rstrip("/") + path, bodies, args.pid)
    print(args.kind, "whole articles" if args.kind == "copydesk" else "labels only")
    print(
        _ROW.format("", "sent/s", "good/s", "p50 ms", "p99 ms", "ref p50", "ref p99", "broken", "no livez", "peak MB")
    )
    await measure("warm-up", target, args.clients, 0, args.seconds / 4)
    await measure("alone", target, 1, 0, args.seconds / 2)
    capacity = await measure(f"{args.clients} clients", target, args.clients, 0, args.seconds)
    for load in args.loads:
        await measure(f"{load:g}x", target, 0, load * capacity, args.seconds)


def _ms(seconds: Iterable[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds, not numbers when there are none."""
    ordered = sorted(seconds) or [float("nan")]
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


if __name__ == "__main__":
    asyncio.run(main())

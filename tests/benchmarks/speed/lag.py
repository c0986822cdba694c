"""How busy and how late the event loop is under a crowd, beside large bodies and beside long texts: by its metrics."""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Sequence

import uvloop

from benchmarks.bench import Bench, Report
from benchmarks.servers import Server, serve_copydesk
from benchmarks.speed.gpu import compose_texts
from benchmarks.speed.load import Client, make_bodies, run_closed

N_CLIENTS = 16
_MAX_BUSY_MS = 5
_LARGE, _LONG = 64, 300_000  # documents of a large body; characters of a long text
_BUCKET = re.compile(r'^copydesk_event_loop_(lag|busy)_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
_NAMES = ("busy", "lag")
_SHARES = (0.9, 0.99, 0.999, 1.0)

Buckets = dict[tuple[str, float], float]  # how many were late, or busy, for at most so many seconds


def main(bench: Bench) -> Report:
    """Sixteen clients with articles, alone and beside one with something large."""
    report, texts = Report(), compose_texts(200)
    with serve_copydesk("--bundle", bench.bundle) as server:
        uvloop.run(_measure(report, server, texts, bench.pick(20.0, 1.0)))
    return report


async def _measure(report: Report, server: Server, texts: Sequence[str], seconds: float) -> None:
    client = Client(server.url)
    path, bodies = make_bodies("copydesk", texts)
    articles = [client.make_request("POST", path, body) for body in bodies]
    beside: dict[str, list[bytes]] = {
        "16 clients": [],
        "beside large bodies": [_make_request(client, path, texts[:_LARGE])],
        "beside long texts": [_make_request(client, path, ["\n\n".join(texts)[:_LONG]])],
    }
    await run_closed(client, articles, N_CLIENTS, seconds / 4)  # warm-up
    report.start_table("event loop, ms", *(f"{name} {100 * share:g}%" for name in _NAMES for share in _SHARES))
    await _see_loop(report, client, "no client", asyncio.sleep(seconds / 2))
    for name, requests in beside.items():
        loads = [run_closed(client, own, n, seconds) for own, n in ((articles, N_CLIENTS), (requests, 1)) if own]
        worst = await _see_loop(report, client, name, asyncio.gather(*loads))
        report.add(f"{name}: 99 % busy for at most", worst, "ms", at_most=_MAX_BUSY_MS)
    client.close()


async def _see_loop(report: Report, client: Client, name: str, work: Awaitable[object]) -> float:
    """A row for the time of the work, what else the machine does included; 99 % of what it was busy for, in ms.

    Late it is too when all cores are taken, by whoever.
    """
    before = await _read_buckets(client)
    await work
    after = await _read_buckets(client)
    new = {edge: after[edge] - before[edge] for edge in after}
    ms = [1000 * _quantile(new, name, share) for name in _NAMES for share in _SHARES]
    report.add_row(name, *ms)
    return ms[_SHARES.index(0.99)]


def _make_request(client: Client, path: str, texts: Sequence[str]) -> bytes:
    return client.make_request("POST", path, json.dumps({"documents": [{"text": text} for text in texts]}).encode())


async def _read_buckets(client: Client) -> Buckets:
    answer = await client.ask(client.make_request("GET", "/metrics"))
    return {(name, float(edge)): float(n) for name, edge, n in _BUCKET.findall(answer.body.decode())}


def _quantile(buckets: Buckets, name: str, share: float) -> float:
    """The upper edge of the bucket in which this share ends; infinite beyond the last."""
    of_name = {edge: n for (which, edge), n in buckets.items() if which == name}
    n_all = max(of_name.values())
    return min((edge for edge, n in of_name.items() if n >= share * n_all), default=math.inf)

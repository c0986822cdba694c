"""How late the service's event loop is under a crowd, beside large bodies and beside long texts: by its own metric."""

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
_MAX_LAG_MS = 5
_LARGE, _LONG = 64, 300_000  # documents of a large body; characters of a long text
_BUCKET = re.compile(r'^copydesk_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)

Buckets = dict[float, float]  # how many were late by at most so many seconds


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
    report.start_table("event loop late by, ms", "90 %", "99 %", "99.9 %", "most")
    await _see_lag(report, client, "no client", asyncio.sleep(seconds / 2))
    for name, requests in beside.items():
        loads = [run_closed(client, own, n, seconds) for own, n in ((articles, N_CLIENTS), (requests, 1)) if own]
        worst = await _see_lag(report, client, name, asyncio.gather(*loads))
        report.add(f"{name}: 99 % late by at most", worst, "ms", at_most=_MAX_LAG_MS)
    client.close()


async def _see_lag(report: Report, client: Client, name: str, work: Awaitable[object]) -> float:
    """A row for the time of the work, what else the machine does included; 99 % of the lags, in ms."""
    before = await _read_lags(client)
    await work
    after = await _read_lags(client)
    lags = {edge: after[edge] - before[edge] for edge in after}
    ms = [1000 * _quantile(lags, share) for share in (0.9, 0.99, 0.999, 1.0)]
    report.add_row(name, *ms)
    return ms[1]


def _make_request(client: Client, path: str, texts: Sequence[str]) -> bytes:
    return client.make_request("POST", path, json.dumps({"documents": [{"text": text} for text in texts]}).encode())


async def _read_lags(client: Client) -> Buckets:
    answer = await client.ask(client.make_request("GET", "/metrics"))
    return {float(edge): float(n) for edge, n in _BUCKET.findall(answer.body.decode())}


def _quantile(lags: Buckets, share: float) -> float:
    """The upper edge of the bucket in which this share ends; infinite beyond the last."""
    n_all = max(lags.values())
    return min((edge for edge, n in lags.items() if n >= share * n_all), default=math.inf)

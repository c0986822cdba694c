"""Many mixed requests on one service, good and bad: does its memory stay flat?

Growth is counted from the first fifth on, which is warm-up.
"""

import asyncio
import itertools
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.bench import Bench, Report
from benchmarks.servers import Server, serve_copydesk
from support.tiny import STORY, make_tiny_bundle

N_CLIENTS = 16
N_ROWS = 10
HEADERS = {"Content-Type": "application/json"}


def main(bench: Bench) -> Report:
    """Soak a service on the tiny bundle."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        make_tiny_bundle(Path(folder) / "tiny")
        # analyse most, refuse few
        with serve_copydesk("--bundle", Path(folder) / "tiny", COPYDESK_MAX_QUEUE_DELAY_S="60") as server:
            asyncio.run(soak(report, server, bench.pick(20_000, 400)))
    return report


def list_requests() -> Iterator[tuple[str, bytes]]:
    """Paths and bodies without end: one to a thousand sentences, batches, both routes, and a tenth of nonsense."""
    choice = random.Random(0)
    for n in itertools.count():
        text = f"{STORY} The team of {n} won. " * choice.choice((*[1] * 20, *[2] * 10, *[5] * 10, *[20] * 5, 150))
        documents = [{"id": str(n), "text": text}] * choice.choice((1, 1, 1, 4))
        yield choice.choice(
            [
                *[("/v1/analyze", json.dumps({"documents": documents}).encode())] * 7,
                *[("/predict", json.dumps({"inputs": text}).encode())] * 2,
                ("/v1/analyze", choice.choice((b"", b"[", b'{"documents": [{"text": " "}]}', text.encode()))),
            ]
        )


async def soak(report: Report, server: Server, n_requests: int) -> None:
    """Send the requests and report what became of them."""
    requests = itertools.islice(list_requests(), n_requests)
    statuses: Counter[int] = Counter()
    memory: list[float] = []
    report.start_table("requests", "MB")

    async def work(client: httpx.AsyncClient) -> None:
        for path, body in requests:
            # One in a hundred leaves before its answer.
            limit_s = 0.005 if statuses.total() % 100 == 99 else 120
            try:
                answer = await client.post(server.url + path, content=body, headers=HEADERS, timeout=limit_s)
                statuses[answer.status_code] += 1
            except httpx.TimeoutException:
                statuses[0] += 1
            if statuses.total() % (n_requests // N_ROWS) == 0:
                memory.append(server.memory_mb)
                report.add_row(f"{statuses.total():,}", memory[-1])

    async with httpx.AsyncClient() as client:
        await asyncio.gather(*(work(client) for _ in range(N_CLIENTS)))
    print(f"statuses (0: left early): {dict(sorted(statuses.items()))}")
    report.add("server errors", sum(n for status, n in statuses.items() if status in (500, 502)), at_most=0)
    report.add("growth after warm-up", memory[-1] - memory[1], "MB", at_most=5)

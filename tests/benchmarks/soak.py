"""Many mixed requests on one service, good and bad: does its memory stay flat?

    PYTHONPATH=.:tests python tests/benchmarks/soak.py [REQUESTS]

Starts `copydesk serve` on the tiny bundle, prints its memory ten times, and at the end the growth since the first
fifth, which counts as warm-up.
"""

import asyncio
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from tiny import ROOT, STORY, make_tiny_bundle

N_CLIENTS = 16
HEADERS = {"Content-Type": "application/json"}


def list_requests(seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Paths and bodies without end: one to a thousand sentences, batches, both routes, and a tenth of nonsense."""
    choice = random.Random(seed)
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


async def soak(url: str, pid: int, n_requests: int) -> None:
    """Send the requests and print what became of them."""
    requests = itertools.islice(list_requests(), n_requests)
    statuses: Counter[int] = Counter()
    memory: list[float] = []

    async def work(client: httpx.AsyncClient) -> None:
        for path, body in requests:
            # One in a hundred leaves before its answer.
            is_leaving = statuses.total() % 100 == 99
            try:
                answer = await client.post(
                    url + path, content=body, headers=HEADERS, timeout=0.005 if is_leaving else 120
                )
                statuses[answer.status_code] += 1
            except httpx.TimeoutException:
                statuses[0] += 1
            if statuses.total() % max(1, n_requests // 10) == 0:
                memory.append(psutil.Process(pid).memory_info().rss / 2**20)
                print(f"{statuses.total():>7} requests  {memory[-1]:.1f} MB", flush=True)

    async with httpx.AsyncClient() as client:
        await asyncio.gather(*(work(client) for _ in range(N_CLIENTS)))
    print(f"statuses (0: left early): {dict(sorted(statuses.items()))}")
    print(f"growth after warm-up: {memory[-1] - memory[1]:.1f} MB")


def main() -> None:
    """Start a service, soak it, end it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        make_tiny_bundle(Path(folder) / "tiny")
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        command = [sys.executable, "copydesk.py", "serve", "--port", port, "--bundle", f"{folder}/tiny"]
        environment = os.environ | {"COPYDESK_MAX_QUEUE_DELAY_S": "60"}  # analyse most, refuse few
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as service:
            url = f"http://127.0.0.1:{port}"
            httpx.Client(transport=httpx.HTTPTransport(retries=12)).get(f"{url}/readyz", timeout=120)
            asyncio.run(soak(url, service.pid, int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
            service.terminate()


if __name__ == "__main__":
    main()

"""Many swaps under load: does a request fail, does memory grow, what do answers wait?

    PYTHONPATH=.:tests python tests/benchmarks/swaps.py [SWAPS] [tiny|default]

Starts `copydesk serve --store` on versions of the tiny bundle, or of the one that ships, lets clients ask without a
pause, promotes one version after the other and reloads. Answers whose scores are not those of the model they name
count as wrong.
"""

import argparse
import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import psutil

from model.analysis import Document
from model.analyzer import Analyzer
from model.bundle import DEFAULT_BUNDLE, load_manifest, load_weights, save_bundle
from model.store import Store
from tiny import ROOT, STORY, make_tiny_bundle

N_SWAPS = 200
N_VERSIONS = 8
N_CLIENTS = 8
N_ROWS = 10
BODY = {"documents": [{"text": STORY * 5}], "include": ["tags"]}
ADMIN_KEY = "admin"


@dataclass
class Seen:
    """What became of the requests so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    digests: set[str] = field(default_factory=set)
    n_wrong: int = 0
    waits_s: list[float] = field(default_factory=list)


async def ask(client: httpx.AsyncClient, expected: dict[str, list[float]], seen: Seen) -> None:
    """One request; note how it went."""
    started = time.perf_counter()
    response = await client.post("/v1/analyze", json=BODY)
    seen.waits_s.append(time.perf_counter() - started)
    seen.statuses[response.status_code] += 1
    if response.status_code == 200:
        answer = response.json()
        digest, scores = answer["model"]["digest"], [tag["score"] for tag in answer["results"][0]["tags"]]
        seen.digests.add(digest)
        seen.n_wrong += any(abs(a - b) > 1e-3 for a, b in zip(scores, expected[digest], strict=True))


async def swap_under_load(url: str, pid: int, store: Store, n_swaps: int) -> None:
    """Swap, and print a row for every tenth of the swaps."""
    expected = {
        digest: [tag.score for tag in Analyzer.load(store.path(digest), "cpu").analyze(Document(STORY * 5)).story.tags]
        for digest in store.digests()
    }
    seen, is_over = Seen(), asyncio.Event()

    async def work(client: httpx.AsyncClient) -> None:
        while not is_over.is_set():
            await ask(client, expected, seen)

    print(" swaps  requests  failed  wrong  p50 ms  p99 ms  max ms      MB")
    memory: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        workers = [asyncio.create_task(work(client)) for _ in range(N_CLIENTS)]
        for n in range(1, n_swaps + 1):
            digest = store.digests()[n % N_VERSIONS]
            store.promote(digest, instead_of=store.current())
            response = await client.post("/v1/model/reload", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
            assert response.json()["digest"] == digest, response.text
            if n % max(1, n_swaps // N_ROWS) == 0:
                memory.append(psutil.Process(pid).memory_info().rss / 2**20)
                print_row(n, seen, memory[-1])
        is_over.set()
        await asyncio.gather(*workers)
    print(f"models that answered: {len(seen.digests)} of {N_VERSIONS}; statuses {dict(seen.statuses)}")
    print(f"growth since the first fifth: {memory[-1] - memory[min(1, len(memory) - 1)]:+.1f} MB")


def print_row(n_swaps: int, seen: Seen, megabytes: float) -> None:
    """The numbers since the last row but for the counts, which are of all."""
    n_failed = seen.statuses.total() - seen.statuses[200]
    waits_ms = sorted(1000 * wait_s for wait_s in seen.waits_s)
    p50, p99, longest = (waits_ms[int(share * (len(waits_ms) - 1))] for share in (0.5, 0.99, 1))
    print(
        f"{n_swaps:>6} {seen.statuses.total():>9} {n_failed:>7} {seen.n_wrong:>6} {p50:>7.1f} {p99:>7.1f} "
        f"{longest:>7.1f} {megabytes:>7.1f}",
        flush=True,
    )
    seen.waits_s.clear()


def make_versions(folder: Path, store: Store, kind: str) -> None:
    """Fill the store; versions of the bundle that ships differ in their name alone."""
    for n in range(N_VERSIONS):
        if kind == "tiny":
            make_tiny_bundle(folder / str(n), seed=n)
        else:
            bundle = replace(load_manifest(DEFAULT_BUNDLE), name=f"default-{n}")
            save_bundle(folder / str(n), bundle, load_weights(DEFAULT_BUNDLE), "# default\n")
        store.add(folder / str(n))
    store.promote(store.digests()[0], instead_of=None)


def main() -> None:
    """Start a service on a store, swap, end it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("swaps", nargs="?", type=int, default=N_SWAPS)
    parser.add_argument("kind", nargs="?", choices=("tiny", "default"), default="tiny")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        store = Store(Path(folder) / "models")
        make_versions(Path(folder), store, options.kind)
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        command = [sys.executable, "copydesk.py", "serve", "--port", port, "--store", str(store.directory)]
        environment = os.environ | {"COPYDESK_ADMIN_KEYS": hashlib.sha256(ADMIN_KEY.encode()).hexdigest()}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as service:
            url = f"http://127.0.0.1:{port}"
            httpx.Client(transport=httpx.HTTPTransport(retries=12)).get(f"{url}/readyz", timeout=120)
            asyncio.run(swap_under_load(url, service.pid, store, options.swaps))
            service.terminate()


if __name__ == "__main__":
    main()

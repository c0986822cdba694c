"""Many swaps under load: does a request fail, does memory grow, what do answers wait?

Versions of the tiny bundle, or of another that differ only in their name, are promoted one after the other and
reloaded while clients ask without a pause. Answers whose scores are not those of the model they name count as wrong.
"""

import asyncio
import hashlib
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from benchmarks.bench import Bench, Report
from benchmarks.servers import Server, serve_copydesk
from benchmarks.speed.load import quantile
from copydesk.model.analysis import Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import load_weights, save_bundle
from support.tiny import STORY, make_tiny_bundle

MAX_GROWTH_MB = 50  # in 160 swaps
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


async def swap_under_load(report: Report, server: Server, store: Store, n_swaps: int) -> None:
    """Swap, and report a row for every tenth of the swaps."""
    expected = {
        digest: [tag.score for tag in Analyzer.load(store.path(digest), "cpu").analyze(Document(STORY * 5)).story.tags]
        for digest in store.digests()
    }
    seen, is_over = Seen(), asyncio.Event()

    async def work(client: httpx.AsyncClient) -> None:
        while not is_over.is_set():
            await ask(client, expected, seen)

    report.start_table("swaps", "requests", "failed", "wrong", "p50 ms", "p99 ms", "max ms", "MB")
    memory: list[float] = []
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as client:
        workers = [asyncio.create_task(work(client)) for _ in range(N_CLIENTS)]
        for n in range(1, n_swaps + 1):
            digest = store.digests()[n % N_VERSIONS]
            store.promote(digest, instead_of=store.current())
            response = await client.post("/v1/model/reload", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
            assert response.json()["digest"] == digest, response.text
            if n % max(1, n_swaps // N_ROWS) == 0:
                memory.append(server.memory_mb)
                add_row(report, n, seen, memory[-1])
        is_over.set()
        await asyncio.gather(*workers)
    name = load_manifest(store.path(store.digests()[0])).name.partition("-")[0]
    report.add(f"{name}: requests that failed", seen.statuses.total() - seen.statuses[200], at_most=0)
    report.add(f"{name}: wrong answers", seen.n_wrong, at_most=0)
    report.add(f"{name}: models that answered", len(seen.digests), at_least=min(n_swaps, N_VERSIONS))
    growth = memory[-1] - memory[min(1, len(memory) - 1)]
    report.add(f"{name}: growth since the first fifth", growth, "MB", at_most=MAX_GROWTH_MB)


def add_row(report: Report, n_swaps: int, seen: Seen, megabytes: float) -> None:
    """The waits since the last row, and the counts of all."""
    n_failed = seen.statuses.total() - seen.statuses[200]
    waits_ms = [1000 * quantile(seen.waits_s, share) for share in (0.5, 0.99, 1)]
    report.add_row(str(n_swaps), seen.statuses.total(), n_failed, seen.n_wrong, *waits_ms, megabytes)
    seen.waits_s.clear()


def make_versions(folder: Path, store: Store, bundle: Path) -> None:
    """Fill the store; versions of a bundle that is not tiny differ in their name alone."""
    manifest = load_manifest(bundle)
    for n in range(N_VERSIONS):
        if manifest.name == "tiny":
            make_tiny_bundle(folder / str(n), seed=n)
        else:
            save_bundle(
                folder / str(n), replace(manifest, name=f"{manifest.name}-{n}"), load_weights(bundle), "# version\n"
            )
        store.add(folder / str(n))
    store.promote(store.digests()[0], instead_of=None)


def main(bench: Bench) -> Report:
    """Swap versions of the tiny bundle often, and those of the one that is measured a few times."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny"
        make_tiny_bundle(tiny)
        swap_versions(report, tiny, bench.pick(N_SWAPS, 10))
        if not bench.is_quick:
            swap_versions(report, bench.bundle, 3 * N_VERSIONS)
    return report


def swap_versions(report: Report, bundle: Path, n_swaps: int) -> None:
    """Swap versions of this bundle under load."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "models")
        make_versions(Path(folder), store, bundle)
        digest = hashlib.sha256(ADMIN_KEY.encode()).hexdigest()
        with serve_copydesk("--store", store.directory, COPYDESK_ADMIN_KEYS=digest) as server:
            asyncio.run(swap_under_load(report, server, store, n_swaps))

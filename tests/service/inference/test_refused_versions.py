import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from fastapi.testclient import TestClient
from safetensors.torch import load_file

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import save_bundle
from copydesk.service.inference.admission import Admission
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.inference.swap import SwapError, Swapper
from copydesk.service.metrics import Metrics
from support.swapping import digest_of, promote, reload, serve


def _truncate(directory: Path) -> None:
    path = directory / "weights.safetensors"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-100])


def _flip(directory: Path) -> None:
    path = directory / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-100] ^= 4
    path.chmod(0o644)
    path.write_bytes(content)


def _cut_manifest(directory: Path) -> None:
    path = directory / "bundle.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:300])


def _remove(directory: Path) -> None:
    directory.rename(directory.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_truncate, "missing or changed since it was saved"),
        (_flip, "missing or changed since it was saved"),
        (_cut_manifest, "not readable as JSON"),
        (_remove, "bundle.json: not found"),
    ],
)
def test_a_damaged_version_is_refused_and_the_old_one_serves(
    client: TestClient, store: Store, damage: Callable[[Path], None], reason: str
) -> None:
    first, second, *_ = store.digests()
    promote(store, second)
    damage(store.path(second))
    response = reload(client)
    assert response.status_code == 409
    assert f"version {second[:12]} was refused" in response.json()["detail"]
    assert reason in response.json()["detail"]
    assert f"{first[:12]} serves on" in response.json()["detail"]
    assert digest_of(client) == first
    assert 'copydesk_swaps_total{outcome="refused"} 1.0' in client.get("/metrics").text


def test_a_version_whose_scores_are_not_finite_is_refused(client: TestClient, store: Store, tmp_path: Path) -> None:
    first = store.current()
    source = store.path(str(first))
    weights = load_file(source / "weights.safetensors")
    weights["tag_head.bias"] = torch.full_like(weights["tag_head.bias"], float("nan"))
    bad = save_bundle(tmp_path / "bad", load_manifest(source), weights, "# bad\n")
    store.add(tmp_path / "bad")
    promote(store, bad.digest)
    assert "gave a score that is not a number" in reload(client).json()["detail"]
    assert digest_of(client) == first


def test_weights_that_do_not_fit_are_refused(client: TestClient, store: Store, tmp_path: Path) -> None:
    first = store.current()
    source = store.path(str(first))
    weights = load_file(source / "weights.safetensors")
    del weights["tag_head.bias"]
    bad = save_bundle(tmp_path / "bad", load_manifest(source), weights, "# bad\n")
    store.add(tmp_path / "bad")
    promote(store, bad.digest)
    assert "does not fit its bundle.json: tag_head.bias is missing, expected [4]" in reload(client).json()["detail"]
    assert digest_of(client) == first


def test_a_pointer_that_does_not_read_keeps_the_old_model(client: TestClient, store: Store) -> None:
    (store.directory / "current.json").write_text("{")
    assert "does not read as a pointer" in reload(client).json()["detail"]
    assert digest_of(client) == store.digests()[0]


def test_what_a_failed_load_says_is_not_passed_on(store: Store) -> None:
    def explode(*_: object) -> Analyzer:
        raise RuntimeError("Xyzzyfruit")

    async def run() -> None:
        analyzer = Analyzer.load(store.path(store.digests()[0]), "cpu")
        scheduler = Scheduler(analyzer, admission=Admission(60), max_pass_s=60, metrics=Metrics())
        swapper = Swapper(scheduler, store, Metrics(), explode)
        promote(store, store.digests()[1])
        with pytest.raises(SwapError, match=r"refused: RuntimeError; .* serves on$"):
            await swapper.reload()
        swapper.close()
        await asyncio.to_thread(scheduler.close)

    asyncio.run(run())


def test_a_refused_version_is_tried_once_by_the_watch_and_again_when_asked_for(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, *_ = store.digests()
    is_tried = threading.Event()

    def explode(*_: object) -> Analyzer:
        is_tried.set()
        raise OSError("no memory")

    with serve(store, watch_s=0.01) as client:
        swapper: Swapper = client.app.state.swapper  # type: ignore[attr-defined]  # a FastAPI
        swapper._load = explode
        promote(store, second)
        assert is_tried.wait(30)
        time.sleep(0.2)
        assert [record.message for record in caplog.records].count("a version was refused, the old model serves") == 1
        assert digest_of(client) == first
        swapper._load = Analyzer.load
        assert reload(client).json() == {"previous": first, "digest": second}

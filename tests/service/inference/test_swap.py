import asyncio
import gc
import hashlib
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient
from safetensors.torch import load_file

from copydesk.model.analysis import Analysis, Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import save_bundle
from copydesk.model.network.device import choose_device
from copydesk.model.network.engine import Documents, Pass
from copydesk.service.http.app import make_app
from copydesk.service.inference.admission import Admission
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.inference.swap import SwapError, Swapper
from copydesk.service.metrics import Metrics
from copydesk.service.settings import Settings
from support.tiny import STORY, make_tiny_bundle

ADMIN = {"Authorization": "Bearer admin"}
ADMIN_DIGEST = hashlib.sha256(b"admin").hexdigest()
N_VERSIONS = 4


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sources")
    for seed in range(N_VERSIONS):
        make_tiny_bundle(folder / str(seed), seed)
    return [folder / str(seed) for seed in range(N_VERSIONS)]


@pytest.fixture
def store(tmp_path: Path, sources: list[Path]) -> Store:
    """Every version, the first of them current."""
    store = Store(tmp_path / "models")
    digests = [store.add(source).digest for source in sources]
    store.promote(digests[0], instead_of=None)
    return store


def serve(store: Store, **settings: Any) -> TestClient:
    current = store.current()
    assert current is not None
    loaded = [Analyzer.load(store.path(current), "cpu")]
    values: dict[str, Any] = {"models_dir": store.directory, "admin_keys": (ADMIN_DIGEST,), "watch_s": 3600, **settings}
    return TestClient(make_app(Settings(**values), loaded.pop))


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with serve(store) as client:
        yield client


def promote(store: Store, digest: str) -> None:
    store.promote(digest, instead_of=store.current())


def reload(client: TestClient) -> Any:
    return client.post("/v1/model/reload", headers=ADMIN)


def digest_of(client: TestClient) -> str:
    response = client.post("/v1/analyze", json={"documents": [{"text": STORY}]})
    assert response.status_code == 200
    digest = str(response.json()["model"]["digest"])
    assert response.headers["X-Model-Digest"] == digest
    return digest


def scores(analysis: Analysis | object) -> list[float]:
    assert isinstance(analysis, Analysis)
    return [tag.score for tag in analysis.story.tags]


def same(one: list[float], other: list[float]) -> bool:
    return one == pytest.approx(other, abs=1e-4)  # bf16 products may round by the batch's shape


def test_reload_serves_the_current_version_on_every_route(client: TestClient, store: Store) -> None:
    first, second, *_ = store.digests()
    assert digest_of(client) == first
    assert reload(client).json() == {"previous": first, "digest": first}
    promote(store, second)
    assert digest_of(client) == first
    assert reload(client).json() == {"previous": first, "digest": second}
    assert digest_of(client) == second
    expected = Analyzer.load(store.path(second), "cpu").analyze(Document(STORY), Options("whole"))
    predicted = client.post("/predict", json={"inputs": STORY})
    assert predicted.headers["X-Model-Digest"] == second
    by_label = {tag.label: tag.score for tag in expected.story.tags}
    assert {p["label"]: p["score"] for p in predicted.json()} == pytest.approx(by_label, abs=1e-4)
    assert client.get("/v1/model").json()["digest"] == second
    numbers = client.get("/metrics").text
    assert f'copydesk_model_info{{digest="{second}",name="tiny"}} 1.0' in numbers
    assert first not in numbers
    assert 'copydesk_swaps_total{outcome="swapped"} 1.0' in numbers


def test_a_watching_service_follows_promotion_and_rollback(store: Store) -> None:
    first, second, *_ = store.digests()
    with serve(store, watch_s=0.02) as client:
        for move, expected in ((lambda: promote(store, second), second), (store.rollback, first)):
            move()
            deadline = time.monotonic() + 60
            while digest_of(client) != expected:
                assert time.monotonic() < deadline
                time.sleep(0.02)


def test_a_dozen_swaps_under_load_fail_no_request_and_every_answer_is_its_models(
    client: TestClient, store: Store
) -> None:
    digests = store.digests()
    expected = {d: scores(Analyzer.load(store.path(d), "cpu").analyze(Document(STORY))) for d in digests}
    is_over, answers = threading.Event(), list[tuple[int, str, bool]]()

    def ask() -> None:
        while not is_over.is_set():
            response = client.post("/v1/analyze", json={"documents": [{"text": STORY}, {"text": STORY}]})
            body = response.json()
            digest = body["model"]["digest"]
            found = [[tag["score"] for tag in result["tags"]] for result in body["results"]]
            answers.append((response.status_code, digest, all(same(row, expected[digest]) for row in found)))

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(ask) for _ in range(4)]
        for n in range(12):
            promote(store, digests[(n + 1) % N_VERSIONS])
            assert reload(client).status_code == 200
        is_over.set()
        for future in work:
            future.result()
    assert {status for status, _, _ in answers} == {200}
    assert {digest for _, digest, _ in answers} == set(digests)
    assert all(is_right for _, _, is_right in answers)


def test_a_request_begun_before_a_swap_ends_on_its_own_model(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (Analyzer.load(store.path(digest), "cpu") for digest in store.digests()[:2])
    reached, opened = threading.Event(), threading.Event()
    passes: list[tuple[str, int]] = []

    def spy(analyzer: Analyzer) -> None:
        begin = analyzer.engine.begin

        def held(documents: Documents) -> Pass:
            reached.set()
            assert opened.wait(30)
            passes.append((analyzer.bundle.digest, len(documents)))
            return begin(documents)

        monkeypatch.setattr(analyzer.engine, "begin", held)

    async def run() -> list[list[Any]]:
        scheduler = Scheduler(old, admission=Admission(60), max_pass_s=60, metrics=Metrics())
        try:
            before = [asyncio.ensure_future(scheduler.analyze([Document(STORY * 30)], Options())) for _ in range(3)]
            assert await asyncio.to_thread(reached.wait, 30)
            scheduler.analyzer = new
            after = [asyncio.ensure_future(scheduler.analyze([Document(STORY)], Options())) for _ in range(3)]
            while len(scheduler._backlog) < 5:
                await asyncio.sleep(0.01)
            opened.set()
            return [*await asyncio.gather(*before, *after)]
        finally:
            await asyncio.to_thread(scheduler.close)

    expected_old, expected_new = scores(old.analyze(STORY * 30)), scores(new.analyze(STORY))
    spy(old)
    spy(new)
    answers = asyncio.run(run())
    assert all(same(scores(answer), expected_old) for (answer,) in answers[:3])
    assert all(same(scores(answer), expected_new) for (answer,) in answers[3:])
    assert sum(n for digest, n in passes if digest == new.bundle.digest) == 3


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


def test_a_replaced_model_leaves_the_memory(store: Store) -> None:
    async def run() -> None:
        loaded = [Analyzer.load(store.path(store.digests()[0]), "cpu")]
        gone = weakref.ref(loaded[0])
        scheduler = Scheduler(loaded.pop(), admission=Admission(60), max_pass_s=60, metrics=Metrics())
        swapper = Swapper(scheduler, store, Metrics())
        await scheduler.analyze([Document(STORY)], Options())
        promote(store, store.digests()[1])
        gc.disable()  # nothing waits for a collection of cycles
        try:
            await swapper.reload()
            await asyncio.sleep(0)
            assert gone() is None
        finally:
            gc.enable()
        swapper.close()
        await asyncio.to_thread(scheduler.close)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("settings", "headers", "status", "detail"),
    [
        ({}, {}, 401, "no admin key"),
        ({}, {"Authorization": "Bearer other"}, 401, "no admin key"),
        ({"admin_keys": ()}, ADMIN, 403, "set COPYDESK_ADMIN_KEYS"),
        ({"api_keys": (hashlib.sha256(b"other").hexdigest(),)}, {"Authorization": "Bearer other"}, 401, "no admin key"),
        ({"api_keys": (hashlib.sha256(b"other").hexdigest(),)}, ADMIN, 200, ""),
        ({"models_dir": None}, ADMIN, 409, "start the service with --store DIR"),
    ],
)
def test_only_an_admin_reloads_and_only_from_a_store(
    store: Store, settings: dict[str, Any], headers: dict[str, str], status: int, detail: str
) -> None:
    with serve(store, **settings) as client:
        response = client.post("/v1/model/reload", headers=headers)
        assert response.status_code == status
        assert detail in response.json().get("detail", "")


def test_a_model_swapped_in_has_the_device_and_the_limit_of_the_one_before(store: Store) -> None:
    first, second, *_ = (store.path(digest) for digest in store.digests())
    device = replace(choose_device("cpu"), batch_tokens=512)  # as after its memory ran out
    analyzers = [Analyzer.load(first, device, 7777)]
    promote(store, second.name)
    settings = Settings(models_dir=store.directory, admin_keys=(ADMIN_DIGEST,), watch_s=3600)
    with TestClient(make_app(settings, analyzers.pop)) as client:
        assert reload(client).status_code == 200
        serving: Analyzer = client.app.state.scheduler.analyzer  # type: ignore[attr-defined]  # a FastAPI
        assert (serving.bundle.digest, serving.device, serving.max_document_tokens) == (second.name, device, 7777)
        assert client.get("/v1/model").json()["limits"]["max_document_tokens"] == 7777


def test_the_log_names_both_models(client: TestClient, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="copydesk.service")
    second = store.digests()[1]
    promote(store, second)
    reload(client)
    (record,) = [record for record in caplog.records if record.message == "another model serves"]
    assert json.loads(json.dumps(record.__dict__["fields"]))["digest"] == second

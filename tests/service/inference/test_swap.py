import asyncio
import gc
import hashlib
import json
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.model.network.device import choose_device
from copydesk.model.network.engine import Documents, Pass
from copydesk.service.http.app import make_app
from copydesk.service.inference.admission import Admission
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.inference.swap import Swapper
from copydesk.service.metrics import Metrics
from copydesk.service.settings import Settings
from support.swapping import ADMIN, ADMIN_DIGEST, N_VERSIONS, digest_of, promote, reload, same, scores, serve
from support.tiny import STORY


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

"""A service on a store, and how its versions change."""

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analysis import Analysis
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import STORY

N_VERSIONS = 4
ADMIN = {"Authorization": "Bearer admin"}
ADMIN_DIGEST = hashlib.sha256(b"admin").hexdigest()


def serve(store: Store, **settings: Any) -> TestClient:
    current = store.current()
    assert current is not None
    loaded = [Analyzer.load(store.path(current), "cpu")]
    values: dict[str, Any] = {"models_dir": store.directory, "admin_keys": (ADMIN_DIGEST,), "watch_s": 3600, **settings}
    return TestClient(make_app(Settings(**values), loaded.pop))


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

"""A store of versions, and a service on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from copydesk.model.bundles.store import Store
from support.swapping import N_VERSIONS, serve
from support.tiny import make_tiny_bundle


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


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with serve(store) as client:
        yield client

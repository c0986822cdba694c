"""Fixtures: bundles, analyzers, and the shared data sets, where they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from benchmarks.bench import SHARED
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.device import Device
from support.tiny import make_tiny_bundle


@pytest.fixture(scope="session", autouse=True)
def _hosts_of_test_clients() -> Iterator[None]:
    """Names that starlette's and httpx's test clients ask for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPYDESK_ALLOWED_HOSTS", "testserver,test")
        yield


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundles") / "tiny"
    make_tiny_bundle(directory)
    return directory


@pytest.fixture(scope="session")
def analyzer(tiny_bundle: Path) -> Analyzer:
    """In fp32, whatever this machine would choose: bf16 products of a tiny encoder round by the batch's shape."""
    return Analyzer.load(tiny_bundle, Device(torch.device("cpu"), torch.float32, batch_tokens=1024, n_parallel=2))


@pytest.fixture(scope="session")
def default_analyzer() -> Analyzer:
    return Analyzer.load(device="cpu")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data sets that are not part of the project; tests that need it skip without it."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the shared data sets are not here")
    return SHARED / "data"

"""The app on Ray Serve, on a cluster of this machine."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest
from fastapi.testclient import TestClient

from benchmarks.servers import find_port
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError
from copydesk.service.http.app import make_app
from copydesk.service.http.replica import Scale, WaitingWork, build
from copydesk.service.settings import Settings
from support.tiny import STORY

ray = pytest.importorskip("ray")
serve = pytest.importorskip("ray.serve")

BODY = {"documents": [{"id": "a", "text": STORY * 20}]}
N_CLIENTS = 8
PATIENCE_S = 300  # a loaded machine imports torch slowly
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


@pytest.fixture(scope="module")
def address(tiny_bundle: Path) -> Iterator[str]:
    """A service of one replica that may become two, each reading one request at a time."""
    settings = {"COPYDESK_BUNDLE": str(tiny_bundle), "COPYDESK_DEVICE": "cpu", "RAY_USAGE_STATS_ENABLED": "0"}
    os.environ.update(settings)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    serve.start(http_options={"host": "127.0.0.1", "port": (port := find_port())})
    serve.run(build(Scale(max_replicas=2, queue_seconds=0.001, num_cpus=1, max_ongoing=1, insecure=True)))
    yield f"http://127.0.0.1:{port}"
    serve.shutdown()
    ray.shutdown()
    for name in settings:
        del os.environ[name]


def test_a_replica_answers_as_the_service_does(address: str, analyzer: Analyzer) -> None:
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        expected = client.post("/v1/analyze", json=BODY).json()
    given = httpx.post(f"{address}/v1/analyze", json=BODY, timeout=PATIENCE_S).json()
    assert given["model"] == expected["model"]
    (one,), (other,) = given["results"], expected["results"]
    assert one["summary"]["text"] == other["summary"]["text"]
    scores = {tag["label"]: tag["score"] for tag in other["tags"]}
    assert {tag["label"]: tag["score"] for tag in one["tags"]} == pytest.approx(scores, abs=1e-4)  # threads share sums
    assert httpx.get(f"{address}/readyz").json() == {"status": "ok"}


def test_replicas_grow_under_load_and_one_that_is_killed_costs_only_what_it_was_reading(address: str) -> None:
    statuses: Counter[int] = Counter()
    is_over = threading.Event()

    def ask_again_and_again() -> None:
        with httpx.Client(timeout=PATIENCE_S) as client:
            while not is_over.is_set():
                statuses[client.post(f"{address}/v1/analyze", json=BODY).status_code] += 1

    clients = [threading.Thread(target=ask_again_and_again) for _ in range(N_CLIENTS)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: len(replicas()) == 2 and n_running() == 2)
        assert set(statuses) == {200}
        before, killed = statuses[200], replicas()[0]
        killed.send_signal(signal.SIGKILL)
        wait_until(lambda: len(replicas()) == 2 and killed not in replicas() and n_running() == 2)
        wait_until(lambda: statuses[200] >= before + 10 * N_CLIENTS)
    finally:
        is_over.set()
        for client in clients:
            client.join()
    assert statuses.total() - statuses[200] <= 1, statuses


def replicas() -> list[psutil.Process]:
    """The processes of the replicas."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "ServeReplica" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def n_running() -> int:
    """How many replicas take requests, by Ray's own word."""
    states = serve.status().applications["default"].deployments["copydesk"].replica_states
    return int(states.get("RUNNING", 0))


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("held", "n_queued", "n_requests", "wanted"),
    [
        ({}, 0, 0, 0),
        ({"a": 1.0, "b": 1.0}, 0, 8, 1),
        ({"a": 3.0, "b": 1.5}, 0, 8, 3),
        ({"a": 3.0}, 24, 32, 6),  # as much again three times over waits in the proxies
        ({"a": 0.0}, 5, 5, 0),
    ],
)
def test_as_many_replicas_are_wanted_as_bear_what_waits(
    held: dict[str, float], n_queued: int, n_requests: int, wanted: int
) -> None:
    context = SimpleNamespace(
        aggregated_metrics={"queue_seconds": held}, total_queued_requests=n_queued, total_num_requests=n_requests
    )
    assert WaitingWork(target_s=2.0)(context) == (wanted, {})


def test_a_deployment_that_anybody_could_ask_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COPYDESK_API_KEYS", raising=False)
    with pytest.raises(ConfigError, match="anybody could ask without a key"):
        build(Scale())

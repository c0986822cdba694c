"""Drift watched while texts are answered: windows that close, limits that are passed, another model in between."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from copydesk.model.analysis import Analysis, Document, Failure, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle, load_manifest
from copydesk.model.drift.measures import EVERY
from copydesk.model.drift.reference import Reference, make_reference, own_name, write_reference
from copydesk.model.drift.windows import read_windows
from copydesk.model.errors import BundleError
from copydesk.service.drift import Allowance, DriftWatch
from copydesk.service.http.app import make_app
from copydesk.service.metrics import Metrics
from copydesk.service.settings import Settings
from support.drift import N_WINDOWS, compose_analyses
from support.tiny import LABELS, STORY

WINDOW = 40


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_manifest(tiny_bundle)


@pytest.fixture(scope="module")
def reference(bundle: Bundle) -> Reference:
    return make_reference(bundle, compose_analyses(600), "composed", window=WINDOW, n_windows=N_WINDOWS)


class Watched:
    """A watch on a model that a test can exchange, and what it says."""

    def __init__(self, bundle: Bundle, find: Callable[[Bundle], Reference | None], folder: Path | None = None) -> None:
        self.bundle = bundle
        self.metrics = Metrics()
        self.watch = DriftWatch(lambda: self.bundle, find, folder, self.metrics)

    async def note(self, *analyses: Analysis, bundle: Bundle | None = None) -> None:
        self.watch.note([Document("")] * len(analyses), analyses, Options(), bundle or self.bundle)
        while self.watch._closing:
            await asyncio.sleep(0.001)

    def numbers(self, name: str) -> dict[tuple[str, ...], float]:
        families = text_string_to_metric_families(self.metrics.render().decode())
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return {tuple(sample.labels.values()): sample.value for sample in samples}


@pytest.fixture(autouse=True)
def _all_the_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a hundredth of the time may not be enough for every text."""
    if "allowance" not in request.node.name:
        monkeypatch.setattr("copydesk.service.drift._SHARE", 1e6)


def test_three_windows_of_other_texts_raise_what_has_changed(bundle: Bundle, reference: Reference) -> None:
    async def run() -> None:
        watched = Watched(bundle, lambda _: reference)
        for n in range(1, 4):
            await watched.note(*compose_analyses(WINDOW, n, text="all is written small today."))
            assert watched.numbers("copydesk_drift_windows_total") == {(): n}
            raised = watched.numbers("copydesk_drift_raised")
            assert raised == dict.fromkeys([(label,) for label in LABELS], 0) | {(EVERY,): int(n == 3)}
        distance = watched.numbers("copydesk_drift_distance")
        limit = watched.numbers("copydesk_drift_limit")
        assert distance[EVERY, "capitals"] > limit[EVERY, "capitals"]
        assert distance.keys() == limit.keys() == {(key.label, key.measure) for key in reference.limits}

    asyncio.run(run())


def test_texts_of_the_same_kind_raise_nothing(bundle: Bundle, reference: Reference) -> None:
    async def run() -> None:
        watched = Watched(bundle, lambda _: reference)
        for n in range(1, 5):
            await watched.note(*compose_analyses(WINDOW, n))
        assert set(watched.numbers("copydesk_drift_raised").values()) == {0}
        assert watched.watch.n_open == 0

    asyncio.run(run())


def test_another_model_begins_anew_and_late_answers_of_the_old_one_count_nowhere(
    bundle: Bundle, reference: Reference
) -> None:
    new = replace(bundle, digest="f" * 64)

    async def run() -> None:
        watched = Watched(bundle, lambda own: reference if own is bundle else None)
        await watched.note(*compose_analyses(WINDOW, 1))
        await watched.note(*compose_analyses(5, 2))
        watched.bundle = new
        await watched.note(*compose_analyses(3, 3), bundle=bundle)
        assert (watched.watch.n_open, watched.watch.reference, list(watched.watch.windows)) == (0, None, [])
        assert watched.numbers("copydesk_drift_raised") == {}
        await watched.note(*compose_analyses(7, 4))
        assert watched.watch.n_open == 7

    asyncio.run(run())


def test_windows_are_kept_and_what_is_open_at_the_end_too(bundle: Bundle, reference: Reference, tmp_path: Path) -> None:
    async def run() -> None:
        watched = Watched(bundle, lambda _: reference, tmp_path)
        await watched.note(*compose_analyses(WINDOW + 9, 1))
        await watched.watch.close()

    asyncio.run(run())
    assert [window.sums.n for window in read_windows(tmp_path, bundle, 1)] == [WINDOW, 9]


def test_a_folder_that_cannot_be_written_stops_no_answer(
    bundle: Bundle, reference: Reference, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")

    async def run() -> None:
        watched = Watched(bundle, lambda _: reference, tmp_path / "file")
        await watched.note(*compose_analyses(WINDOW, 1))
        assert watched.numbers("copydesk_drift_windows_total") == {(): 1}

    asyncio.run(run())
    assert "a window of drift was not kept" in caplog.text


def test_a_reference_that_does_not_read_stops_no_answer(bundle: Bundle, caplog: pytest.LogCaptureFixture) -> None:
    def find(_: Bundle) -> Reference:
        raise BundleError("reference.json: not a whole reference")

    async def run() -> None:
        watched = Watched(bundle, find)
        await watched.note(*compose_analyses(3))
        assert watched.watch.n_open == 3

    asyncio.run(run())
    assert "drift is not watched" in caplog.text


def test_what_could_not_be_analysed_counts_nowhere(bundle: Bundle) -> None:
    watched = Watched(bundle, lambda _: None)
    watched.watch.note([Document("")], [Failure(None, "empty_text", "the text is empty")], Options(), bundle)
    assert watched.watch.n_open == 0


def test_an_allowance_is_a_hundredth_of_the_time_and_saves_little() -> None:
    now: Iterator[float] = iter((0.0, 0.0, 0.2, 0.2, 10.0, 30.0, 30.04, 30.04))
    allowance = Allowance(lambda: next(now))
    assert allowance.is_left
    allowance.spend()  # 0.2 s, of which 0.05 were saved
    assert not allowance.is_left
    assert not allowance.is_left  # 0.098 s later earned
    assert allowance.is_left
    allowance.spend()
    assert allowance.is_left


def test_the_service_finds_the_operators_own_reference_and_watches(
    analyzer: Analyzer, bundle: Bundle, reference: Reference, tmp_path: Path
) -> None:
    write_reference(tmp_path / own_name(bundle), reference)
    app = make_app(Settings(drift_dir=tmp_path), lambda: analyzer)
    with TestClient(app) as client:
        documents = [{"text": f"{STORY} It was day {n}."} for n in range(3)]
        assert client.post("/v1/analyze", json={"documents": documents}).status_code == 200
        assert app.state.drift.reference.source == "composed"
        assert app.state.drift.n_open == 3
    assert [window.sums.n for window in read_windows(tmp_path, bundle, 1)] == [3]

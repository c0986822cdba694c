import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.tally import LabelTally, read_tally
from copydesk.model.errors import ConfigError, StoreError
from copydesk.service.cli.serve import start
from copydesk.service.http.app import make_app
from copydesk.service.inference import shadow as module
from copydesk.service.inference.admission import estimate_document
from copydesk.service.inference.agreement import compare_tags
from copydesk.service.settings import Settings
from support.tiny import LABELS, STORY

TEXTS = [f"{STORY} It was day {n}." * (n + 1) for n in range(6)]


class Shadowed:
    """A service with the second version beside the first."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.current, self.candidate, *_ = store.digests()
        values: dict[str, Any] = {"shadow": self.candidate[:12], "shadow_share": 1, "watch_s": 3600, **settings}
        loaded = [Analyzer.load(store.path(self.current), "cpu")]
        self.app = make_app(Settings(models_dir=store.directory, device="cpu", **values), loaded.pop)
        self.client = TestClient(self.app)

    def __enter__(self) -> "Shadowed":
        self.client.__enter__()
        self.until(lambda: self.count("copydesk_shadow_info") == 1)
        return self

    def __exit__(self, *error: object) -> None:
        self.client.__exit__(None, None, None)

    def analyze(self, *texts: str) -> Any:
        answer = self.client.post("/v1/analyze", json={"documents": [{"text": text} for text in texts]})
        assert answer.status_code == 200
        return answer.json()

    def count(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.client.get("/metrics").text)
        samples = [s for family in families for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    def shadowed(self, outcome: str) -> float:
        return self.count("copydesk_shadow_texts_total", outcome=outcome)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def compare(store: Store, texts: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each label, how many of the texts the first and the second version alone give it."""
    analyzers = [Analyzer.load(store.path(digest), "cpu") for digest in store.digests()[:2]]
    given = [[{tag.label for tag in a.analyze(text).story.tags if tag.assigned} for text in texts] for a in analyzers]
    pairs = list(zip(*given, strict=True))
    return {label: (sum(label in a - b for a, b in pairs), sum(label in b - a for a, b in pairs)) for label in LABELS}


def test_a_shadow_reads_what_was_answered_and_its_disagreements_are_counted_per_label(store: Store) -> None:
    with Shadowed(store) as service:
        answers = [service.analyze(text) for text in TEXTS]
        service.until(lambda: service.shadowed("compared") == len(TEXTS))
        counted = {
            label: tuple(
                service.count("copydesk_shadow_disagreements_total", label=label, assigned_by=side)
                for side in ("current", "candidate")
            )
            for label in LABELS
        }
        n_analyses = service.count("copydesk_analyses_total")
        n_passes = service.count("copydesk_pass_tokens_count")
    expected = compare(store, TEXTS)
    assert counted == expected
    assert any(map(any, expected.values())), "the two versions say the same: choose other seeds"
    assert {answer["model"]["digest"] for answer in answers} == {service.current}
    assert (n_analyses, n_passes) == (len(TEXTS), len(TEXTS))


def test_what_was_counted_stands_in_the_store_when_the_service_ends(store: Store) -> None:
    with Shadowed(store) as service:
        service.analyze(*TEXTS)
        service.until(lambda: service.shadowed("compared") == len(TEXTS))
    with Shadowed(store) as service:
        service.analyze(TEXTS[0])
        service.until(lambda: service.shadowed("compared") == 1)
    tally = read_tally(store.directory, service.candidate, service.current)
    assert tally
    assert tally.n_texts == len(TEXTS) + 1
    expected = compare(store, [*TEXTS, TEXTS[0]])
    assert {name: (counts.only_current, counts.only_candidate) for name, counts in tally.labels.items()} == expected


def test_only_a_share_of_the_texts_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([0.05, 0.2, 0.09, 0.1, 0.9, 0.0])
    monkeypatch.setattr(module, "random", SimpleNamespace(random=lambda: next(draws)))
    with Shadowed(store, shadow_share=0.1) as service:
        service.analyze(*TEXTS)
        service.until(lambda: service.shadowed("compared") == 3)
    assert read_tally(store.directory, service.candidate, service.current)


def change_candidate(monkeypatch: pytest.MonkeyPatch, change: Callable[[Analyzer], None]) -> None:
    """Let this be done to the candidate when it is loaded."""
    original = module.Shadow._load

    def load(self: module.Shadow) -> Analyzer:
        candidate = original(self)
        change(candidate)
        return candidate

    monkeypatch.setattr(module.Shadow, "_load", load)


def test_what_a_shadow_cannot_keep_up_with_is_passed_over_and_takes_no_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def hold(candidate: Analyzer) -> None:
        prepare = candidate.prepare
        monkeypatch.setattr(candidate, "prepare", lambda *args: (go_on.wait(30), prepare(*args))[1])

    change_candidate(monkeypatch, hold)
    with Shadowed(store) as service:
        service.analyze(TEXTS[0])
        monkeypatch.setattr(module, "_MAX_TOKENS", 3 * estimate_document(Document(TEXTS[0])))
        service.analyze(*[TEXTS[0]] * 5)
        assert service.shadowed("skipped") == 3
        assert service.app.state.scheduler.admission.n_tokens == 0
        go_on.set()
        service.until(lambda: service.shadowed("compared") == 3)


def test_a_shadow_whose_passes_fail_leaves_the_service_ready(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("no such kernel")

    change_candidate(monkeypatch, lambda candidate: monkeypatch.setattr(candidate.engine, "begin", fail))
    with Shadowed(store) as service:
        service.analyze(*TEXTS)
        service.until(lambda: service.shadowed("failed") == len(TEXTS))
        assert service.client.get("/readyz").status_code == 200
        service.analyze(TEXTS[0])


def test_a_version_is_not_compared_with_itself(store: Store) -> None:
    with Shadowed(store, admin_keys=()) as service:
        store.promote(service.candidate, instead_of=service.current)
        service.client.portal.call(service.app.state.swapper.reload)  # type: ignore[union-attr]  # it runs
        assert service.analyze(TEXTS[0])["model"]["digest"] == service.candidate
        assert len(service.app.state.shadow._waiting) == 0
        store.rollback()
        service.client.portal.call(service.app.state.swapper.reload)  # type: ignore[union-attr]  # it runs
        service.analyze(TEXTS[0])
        service.until(lambda: service.shadowed("compared") == 1)


def test_a_store_that_cannot_be_written_costs_only_what_would_be_kept(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    (store.directory / "shadow").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING), Shadowed(store) as service:
        service.analyze(TEXTS[0])
        service.until(lambda: service.shadowed("compared") == 1)
    assert "what the shadow says was not written into the store" in caplog.text


def test_a_damaged_shadow_is_refused_and_the_service_goes_on(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    weights = store.path(store.digests()[1]) / "weights.safetensors"
    weights.chmod(0o600)
    weights.write_bytes(b"damaged")
    service = Shadowed(store)
    with service.client:
        service.until(lambda: "the shadow was refused" in caplog.text)
        service.analyze(TEXTS[0])
        assert service.count("copydesk_shadow_info") == 0


@pytest.mark.parametrize(
    ("has_store", "error", "message"),
    [
        (
            False,
            ConfigError,
            "COPYDESK_SHADOW: a version of a store reads beside the current one; name one with --store",
        ),
        (True, StoreError, "none of its 4 versions begins with 'beef'"),
    ],
)
def test_a_shadow_that_is_not_there_is_told_at_the_start(
    has_store: bool, error: type[Exception], message: str, store: Store
) -> None:
    settings = Settings(shadow="beef", models_dir=store.directory if has_store else None)
    with pytest.raises(error) as caught:
        start(settings, has_desk=False, is_open=False)
    assert message in str(caught.value)


def test_labels_that_one_version_alone_knows_are_left_out(analyzer: Analyzer) -> None:
    tags = analyzer.analyze(Document(STORY), Options()).story.tags
    assert compare_tags(tags[:2], tags[1:]) == {
        tags[1].label: LabelTally(both=int(tags[1].assigned), only_current=0, only_candidate=0)
    }

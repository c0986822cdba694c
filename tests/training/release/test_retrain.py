import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

pytest.importorskip("peft")

import copydesk.training.fit.run
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.model.errors import DataError
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from copydesk.training.cli import train
from copydesk.training.data.frozen import read_frozen
from copydesk.training.data.splits import FrozenTest
from support.tiny import STORY, TRAINING_WARNINGS, write_config, write_edited, write_stories

pytestmark = TRAINING_WARNINGS

LEARNS = {"passes": "3.0", "mode": '"full"', "rank": "8", "encoder_learning_rate": "5e-3\nhead_learning_rate = 1e-2"}
ADMIN = {"Authorization": "Bearer admin"}
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`copydesk train` on easy stories, for the store in tmp_path."""
    config = write_config(tmp_path / "c.toml", write_stories(tmp_path / "old.jsonl", n_each=100), **LEARNS)

    def call(*options: object, name: str) -> Result:
        target = ("--out", tmp_path / name, "--store", tmp_path / "models")
        return CliRunner().invoke(train.commands, [*map(str, (config, *target, *options))])

    return call


def poison(source: Path, target: Path) -> Path:
    """The same texts with labels that belong to others."""
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    labels = [row["labels"] for row in rows]
    random.Random(3).shuffle(labels)
    target.write_text("".join(json.dumps(row | {"labels": own}) + "\n" for row, own in zip(rows, labels, strict=True)))
    return target


def serve(store: Store) -> TestClient:
    current = store.current()
    assert current is not None
    keys = (hashlib.sha256(b"admin").hexdigest(),)
    settings = Settings(models_dir=store.directory, admin_keys=keys, watch_s=3600)
    return TestClient(make_app(settings, lambda: Analyzer.load(store.path(current), "cpu")))


def answer(client: TestClient) -> Any:
    client.post("/v1/model/reload", headers=ADMIN).raise_for_status()
    return client.post("/v1/analyze", json={"documents": [{"text": STORY}]}).json()["model"]["digest"]


def test_what_is_better_serves_and_what_learned_poison_does_not(run: Run, tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    first = run(name="first")
    assert first.exit_code == 0, first.output
    one = store.current()
    tested = {story.story.fingerprint for story in read_frozen(store.directory)}
    assert len(tested) >= 30

    with serve(store) as client:
        assert answer(client) == one
        more = write_stories(tmp_path / "more.jsonl", n_each=20, first=100)
        second = run("--data", more, name="second")
        assert second.exit_code == 0, second.output
        assert f"training on from the current version {str(one)[:12]}" in " ".join(second.output.split())
        two = store.current()
        assert two != one
        assert answer(client) == two

        before = [(store.directory / name).read_bytes() for name in ("current.json", "test.jsonl")]
        poisoned = run("--data", poison(tmp_path / "old.jsonl", tmp_path / "bad.jsonl"), name="third")
        assert poisoned.exit_code == 1
        assert "not good enough: macro-F1 on the frozen test" in " ".join(poisoned.output.split())
        assert [(store.directory / name).read_bytes() for name in ("current.json", "test.jsonl")] == before
        assert answer(client) == two

    assert tested < {story.story.fingerprint for story in read_frozen(store.directory)}
    actions = [event.action for event in store.journal()]
    assert actions == ["add", "promote", "add", "promote", "add", "refuse"]
    report = json.loads((tmp_path / "third-report" / "comparison.json").read_text())
    assert (report["current"]["digest"], report["is_passed"]) == (two, False)
    assert {check["place"] for check in report["checks"]} == {"frozen test", "new data"}


def test_force_promotes_and_the_journal_says_so(run: Run, tmp_path: Path) -> None:
    few = write_config(tmp_path / "few.toml", write_stories(tmp_path / "few.jsonl"))
    arguments = [str(few), "--out", str(tmp_path / "out"), "--store", str(tmp_path / "models")]
    edited = write_edited(tmp_path / "editors.jsonl", [1])
    refused = CliRunner().invoke(train.commands, [*arguments, "--test-editors", str(edited)])
    assert refused.exit_code == 1
    assert "too few to tell" in refused.output
    report = json.loads((tmp_path / "out-report" / "comparison.json").read_text())
    assert ("edited articles", "credit") in {(check["place"], check["figure"]) for check in report["checks"]}
    assert "no version is current yet; --force promotes" in " ".join(refused.output.split())
    store = Store(tmp_path / "models")
    assert store.current() is None
    assert CliRunner().invoke(train.commands, [*arguments, "--force"]).exit_code == 0
    assert store.current() is not None
    assert store.journal()[-1].details["is_forced"] is True


def test_a_bad_file_of_editors_stops_before_training(run: Run, tmp_path: Path) -> None:
    result = run("--test-editors", write_edited(tmp_path / "editors.jsonl", [1, 1]), name="out")
    assert isinstance(result.exception, DataError)
    assert "editors.jsonl:1: annotation 1: key names sentence 1 twice; name each once" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_an_interrupted_training_leaves_the_store_as_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(copydesk.training.fit.run, "train_network", stop)
        assert run(name="out").exit_code == 130
    assert not (tmp_path / "models").exists()
    assert not (tmp_path / "out").exists()
    assert run(name="out").exit_code == 0
    assert Store(tmp_path / "models").current() is not None


def test_a_store_that_lost_its_splits_is_not_trained_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "test.jsonl").write_text("")
    result = run(name="out")
    assert isinstance(result.exception, DataError)
    assert re.search(r"splits\.jsonl: missing beside test\.jsonl; restore it", str(result.exception))


def test_sides_are_kept_even_when_the_version_is_refused(run: Run, tmp_path: Path) -> None:
    run("--data", poison(tmp_path / "old.jsonl", tmp_path / "bad.jsonl"), name="bad")
    assert len(FrozenTest.load(tmp_path / "models" / "splits.jsonl")) >= 30
    assert read_frozen(tmp_path / "models") == []


@pytest.mark.parametrize("options", [["--force"], ["--report", "x"], ["--tolerance", "trade=0.1"]])
def test_options_of_the_gate_need_a_store(options: list[str]) -> None:
    result = CliRunner().invoke(train.commands, ["configs/smoke.toml", *options])
    assert result.exit_code == 2
    assert "and --report need --store" in re.sub(r"[│\s]+", " ", result.output)


def test_a_version_that_is_held_waits_for_a_person(run: Run, tmp_path: Path) -> None:
    held = run("--hold", name="held")
    assert held.exit_code == 0, held.output
    store = Store(tmp_path / "models")
    assert store.current() is None
    assert [event.action for event in store.journal()] == ["add"]
    assert (tmp_path / "held-report" / "comparison.json").is_file()
    (digest,) = store.digests()
    assert f"{digest[:12]} is held: `copydesk models promote {digest[:12]}" in " ".join(held.output.split())
    store.promote(digest, instead_of=None, reason="I have looked at it")
    assert store.journal()[-1].details["reason"] == "I have looked at it"
    assert len(read_frozen(store.directory)) >= 30

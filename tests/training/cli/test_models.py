import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from copydesk.model.bundles.store import Store
from copydesk.model.bundles.tally import LabelTally, Tally, write_tally
from copydesk.model.errors import ConfigError, StoreError
from copydesk.training.cli import models
from copydesk.training.data.frozen import add_frozen, read_frozen
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory, read_stories
from support.tiny import LABELS, STORY, make_tiny_bundle, write_edited

Run = Callable[..., Result]
N_STORIES = 16


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three versions; the second is current, the first was before."""
    store = Store(tmp_path / "models", who="ann@desk")
    for seed in range(3):
        make_tiny_bundle(tmp_path / str(seed), seed)
        store.add(tmp_path / str(seed))
    first, second, _ = store.digests()
    store.promote(first, instead_of=None)
    store.promote(second, instead_of=first)
    return store


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    rows = [{"text": f"{STORY} The team of {n} won.", "labels": LABELS if n % 2 else []} for n in range(N_STORIES)]
    path = tmp_path / "stories.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COPYDESK_MODELS_DIR", str(store.directory))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(models.commands, [*map(str, arguments)])

    return call


def test_a_folder_that_is_not_there_is_no_empty_store(run: Run) -> None:
    result = run("list", "--store", "nowhere")
    assert "nowhere: no such folder; `copydesk train --store nowhere` makes a store" in str(result.exception)


def test_list_marks_the_current_version_and_names_a_damaged_one(run: Run, store: Store) -> None:
    first, second, third = store.digests()
    (store.path(third) / "README.md").unlink()
    result = run("list")
    rows = [line for line in result.stdout.splitlines() if re.search("[0-9a-f]{12}", line)]
    assert [digest[:12] in row for digest, row in zip((first, second, third), rows, strict=True)] == [True] * 3
    assert ["*" in row for row in rows] == [False, True, False]
    assert "promote" in rows[1]
    assert "damaged" in rows[2]
    assert "README.md: missing" in result.stderr.replace("\n", "")


def test_show_tells_what_became_of_a_version(run: Run, store: Store) -> None:
    first, second, _ = store.digests()
    shown = json.loads(run("show", first[:10]).stdout)
    assert shown["digest"] == first
    assert shown["is_current"] is False
    assert [label["label"] for label in shown["labels"]] == list(LABELS)
    assert [(event["action"], event["who"]) for event in shown["journal"]] == [
        ("add", "ann@desk"),
        ("promote", "ann@desk"),
        ("promote", "ann@desk"),
    ]
    assert json.loads(run("show", "current").stdout)["digest"] == second


def test_compare_shows_both_and_changes_nothing(run: Run, store: Store, stories: Path, tmp_path: Path) -> None:
    before = [path.read_bytes() for path in sorted(store.directory.glob("*.json*"))]
    result = run("compare", "current", tmp_path / "2", "--data", stories, "--report", tmp_path / "report")
    assert result.exit_code == 0, result.output
    assert "macro-F1" in result.stdout
    report = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert (report["current"]["digest"], report["candidate"]["digest"]) == (store.digests()[1], store.digests()[2])
    assert {check["figure"] for check in report["checks"]} == {"macro-F1", "ECE", *(f"F1 {label}" for label in LABELS)}
    assert {check["place"] for check in report["checks"]} == {"stories.jsonl"}
    page = (tmp_path / "report" / "comparison.html").read_text()
    assert not re.search(r'<(?:script|link|img|iframe)|@import|url\(|(?:src|href)="', page)
    assert "Police found heroin" not in page
    assert [path.read_bytes() for path in sorted(store.directory.glob("*.json*"))] == before


def test_compare_shows_what_a_shadow_has_counted(run: Run, store: Store) -> None:
    _, current, candidate = store.digests()
    counts = {"trade": LabelTally(both=30, only_current=10), "drugs": LabelTally(only_candidate=200)}
    tally = Tally(1_000, counts, "2026-05-01T08:00:00+00:00", "2026-05-02T09:30:00+00:00")
    write_tally(store.directory, candidate, current, "run-1", tally)
    result = run("compare", "current", candidate[:10])
    assert result.exit_code == 0
    assert "shadow: 1,000 texts, 2026-05-01 to 2026-05-02" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if line.split()[:1] in (["trade"], ["drugs"])]
    assert rows == [["drugs", "0.0%", "20.0%", "0", "200", "20.0%"], ["trade", "4.0%", "3.0%", "10", "0", "1.0%"]]


def test_compare_without_anything_to_compare_on_says_what_to_name(run: Run, store: Store) -> None:
    result = run("compare", "current", store.digests()[2][:10])
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("name labelled stories with --data")


def test_compare_shows_what_editors_would_print(run: Run, stories: Path, tmp_path: Path) -> None:
    edited = write_edited(tmp_path / "editors.jsonl", [1])
    report = tmp_path / "report"
    result = run("compare", "current", "current", "--data", stories, "--editors", edited, "--report", report)
    assert result.exit_code == 0, result.output
    checks = json.loads((report / "comparison.json").read_text())["checks"]
    found = [check for check in checks if check["place"] == "edited articles"]
    assert [check["figure"] for check in found] == ["credit", "furniture", "dangling"]
    assert found[0]["candidate"] == found[0]["current"]
    assert "edited articles" in result.stdout
    assert "<h2>edited articles</h2>" in (report / "comparison.html").read_text()


def test_a_bad_file_of_editors_stops_before_anything_is_added(run: Run, store: Store, tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "new", seed=7)
    edited = write_edited(tmp_path / "editors.jsonl", [3])
    add_frozen(store.directory, [LabelledStory(STORY, frozenset())], LABELS)
    before = store.digests()
    result = run("promote", tmp_path / "new", "--editors", edited)
    assert "editors.jsonl:1: annotation 1: key: no sentence 3; spans has 2" in str(result.exception)
    assert store.digests() == before


def test_promote_needs_stories_or_force(run: Run, store: Store) -> None:
    first, second, third = store.digests()
    refused = run("promote", third[:12])
    assert isinstance(refused.exception, ConfigError)
    assert "--test" in str(refused.exception)
    assert store.current() == second
    assert run("promote", store.path(third), "--force").exit_code == 0
    assert store.current() == third
    assert store.journal()[-1].details == {"is_forced": True}
    assert "@" in store.journal()[-1].who
    assert run("rollback").exit_code == 0
    assert store.current() == second
    assert run("rollback").exit_code == 0
    assert store.current() == first
    assert isinstance(run("rollback").exception, StoreError)


def test_promote_with_too_few_stories_is_refused_with_the_reason(run: Run, store: Store, tmp_path: Path) -> None:
    _, second, third = store.digests()
    few = tmp_path / "few.jsonl"
    few.write_text(json.dumps({"text": STORY, "labels": ["trade"]}) + "\n")
    result = run("promote", third, "--test", few, "--device", "cpu")
    assert result.exit_code == 1
    assert "too few to tell" in result.stdout
    assert "the current version serves on" in result.stderr
    assert store.current() == second
    assert store.journal()[-1].action == "refuse"


def test_promote_judges_on_the_frozen_test_of_the_store(run: Run, store: Store, stories: Path) -> None:
    add_frozen(store.directory, read_stories([str(stories)]), LABELS)
    _, second, third = store.digests()
    result = run("promote", third, "--force", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "no --test: judged on" in result.stderr
    assert store.journal()[-1].details["data"]["frozen test"]["stories"] == N_STORIES
    assert (store.current(), store.journal()[-1].previous) == (third, second)


@pytest.mark.parametrize("value", ["trade", "trade=x", "=0.1", "trade=2"])
def test_a_tolerance_that_is_none_is_named(run: Run, store: Store, stories: Path, value: str) -> None:
    result = run("compare", "current", "current", "--data", stories, "--tolerance", value)
    assert isinstance(result.exception, ConfigError)
    assert f"--tolerance {value}: expected LABEL=F1" in str(result.exception)


def test_an_unknown_version_is_named(run: Run) -> None:
    result = run("show", "zz")
    assert isinstance(result.exception, StoreError)
    assert "none of its 3 versions begins with 'zz'" in str(result.exception)


def test_force_leaves_the_stories_of_the_test_behind(run: Run, store: Store, stories: Path) -> None:
    _, _, third = store.digests()
    result = run("promote", third, "--test", stories, "--force", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "16 stories of --test are the store's frozen test from now on" in result.stderr
    frozen = read_frozen(store.directory)
    assert [one.story.text for one in frozen] == [story.text for story in read_stories([str(stories)])]
    assert {one.asked for one in frozen} == {frozenset(LABELS)}
    assert set(read_frozen(store.directory)[0].story.labels) <= set(LABELS)
    assert len(FrozenTest.load(store.directory / "splits.jsonl")) == N_STORIES
    assert run("promote", store.digests()[0], "--force", "--device", "cpu").exit_code == 0  # judged on it
    assert store.journal()[-1].details["data"]["frozen test"]["stories"] == N_STORIES


def test_a_refused_version_leaves_no_test_behind(run: Run, store: Store, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text(json.dumps({"text": STORY, "labels": ["trade"]}) + "\n")
    assert run("promote", store.digests()[2], "--test", few, "--device", "cpu").exit_code == 1
    assert not (store.directory / "test.jsonl").exists()


def test_list_shows_what_the_gate_measured(run: Run, store: Store) -> None:
    first, second, _ = store.digests()
    figures = [
        {"place": "frozen test", "figure": "macro-F1", "current": 0.5, "candidate": 0.625},
        {"place": "new data", "figure": "macro-F1", "current": 0.5, "candidate": 0.75},
    ]
    store.refuse(first, instead_of=second, result={"is_passed": False, "figures": figures})
    rows = [line for line in run("list").stdout.splitlines() if re.search("[0-9a-f]{12}", line)]
    assert "0.625  frozen test" in re.sub(" {2,}", "  ", rows[0])
    assert "frozen test" not in rows[1]
    assert "refuse" in rows[0]

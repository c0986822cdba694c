"""The commands of the desk, and `batch --desk`, as typer runs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.model.errors import DataError
from copydesk.service.cli import batch, desk
from copydesk.service.desk.desk import open_desk
from copydesk.service.desk.store.accounts import add_account
from copydesk.service.desk.store.judgements import Save, save
from copydesk.service.desk.store.stories import NewStory, add_stories, list_stories
from copydesk.service.settings import Settings
from support.tiny import STORY


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A desk in tmp_path, which has been started before."""
    (tmp_path / "models").mkdir()
    for name, value in {"DESK_DIR": tmp_path / "desk", "MODELS_DIR": tmp_path / "models"}.items():
        monkeypatch.setenv(f"COPYDESK_{name}", str(value))
    settings = Settings()
    open_desk(settings).database.close()
    return settings


def test_an_archive_is_handed_in_with_its_answers(settings: Settings, tiny_bundle: Path, tmp_path: Path) -> None:
    rows = [{"id": str(n), "headline": f"Title {n}", "text": f"{STORY} It was day {n}."} for n in range(3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "3"}]))
    arguments = [str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), "--bundle", str(tiny_bundle)]
    done = CliRunner().invoke(batch.commands, [*arguments, "--title-column", "headline", "--desk", "news"])
    assert done.exit_code == 1, done.output  # one row has no text
    assert "3 new stories in project news, 0 were there" in done.output
    opened = open_desk(settings)
    with opened.database.read() as session:
        stories = list_stories(session, 1, None, 10)
    opened.database.close()
    assert {(story.title, story.source) for story in stories} == {(f"Title {n}", str(n)) for n in range(3)}


def test_a_project_that_is_not_there_is_named_before_the_job(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": STORY}) + "\n")
    arguments = [str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), "--desk", "other"]
    done = CliRunner().invoke(batch.commands, arguments)
    assert isinstance(done.exception, DataError)
    assert str(done.exception) == "no project 'other'; there are 'news'"
    assert not (tmp_path / "out.jsonl").exists()


def test_what_was_judged_is_exported(settings: Settings, tmp_path: Path) -> None:
    opened = open_desk(settings)
    with opened.database.write() as session:
        person = add_account(session, "ann", "annotator").id
        (story,) = add_stories(session, 1, [NewStory(STORY)]).ids
        save(session, 1, person, Save("save-0001", story, {1: "yes", 2: "no", 3: "unsure", 4: "no"}), "random")
    opened.database.close()
    done = CliRunner().invoke(desk.commands, ["export", "news", str(tmp_path / "judged.jsonl")])
    assert done.exit_code == 0, done.output
    row = json.loads((tmp_path / "judged.jsonl").read_text())
    assert (row["labels"], row["unsure"], row["for_test"]) == (["trade"], ["taiwan"], True)
    few = CliRunner().invoke(desk.commands, ["train", "news"])
    assert "1 judged stories, 1 of them for testing: too few to train on" in str(few.exception)

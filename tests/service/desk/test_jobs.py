"""Trainings as processes: they outlast the desk, end when they are asked to, and are found again."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from copydesk.model.bundles.store import Store
from copydesk.service.desk.desk import Desk
from copydesk.service.desk.errors import ConflictError
from copydesk.service.desk.jobs import process
from copydesk.service.desk.jobs.process import Ended
from copydesk.service.desk.jobs.trainer import Trainer
from copydesk.service.desk.store.accounts import add_account
from copydesk.service.desk.store.judgements import Save, save
from copydesk.service.desk.store.stories import NewStory, add_stories
from copydesk.service.desk.store.tables import Job, Reason
from support.desk import post_form
from support.tiny import SENTENCES, make_tiny_bundle

SLOW = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]


def wait_for(folder: Path) -> Ended:
    for _ in range(600):
        if end := process.find_end(folder):
            return end
        time.sleep(0.05)
    raise AssertionError("it does not end")


def wait_until_begun(folder: Path) -> None:
    while not process.read_log(folder, 0)[0]:
        time.sleep(0.02)


def test_a_command_leaves_its_log_and_its_end(tmp_path: Path) -> None:
    process.start(tmp_path / "job", [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"])
    assert wait_for(tmp_path / "job") == Ended(3)
    lines, offset = process.read_log(tmp_path / "job", 0)
    assert lines == "one\ntwo\n"
    assert process.read_log(tmp_path / "job", offset) == ("", offset)


def test_a_command_is_seen_to_run_from_its_first_moment_and_ends_on_request(tmp_path: Path) -> None:
    process.start(tmp_path / "job", SLOW)
    assert process.is_running(tmp_path / "job")
    wait_until_begun(tmp_path / "job")
    assert process.find_end(tmp_path / "job") is None
    assert process.cancel(tmp_path / "job")
    assert wait_for(tmp_path / "job").is_cancelled
    assert not process.cancel(tmp_path / "job")


def test_a_process_that_was_killed_is_found_out(tmp_path: Path) -> None:
    process.start(tmp_path / "job", [sys.executable, "-c", "print('begun', flush=True)\nimport time; time.sleep(3)"])
    wait_until_begun(tmp_path / "job")
    os.kill(int((tmp_path / "job" / "pid").read_text()), signal.SIGKILL)
    assert wait_for(tmp_path / "job") == Ended(None)


def test_no_signal_to_the_desk_reaches_a_training(tmp_path: Path) -> None:
    process.start(tmp_path / "job", SLOW)
    wait_until_begun(tmp_path / "job")
    pid = int((tmp_path / "job" / "pid").read_text())
    assert os.getsid(pid) != os.getsid(0)
    process.cancel(tmp_path / "job")
    wait_for(tmp_path / "job")


@pytest.fixture
def slow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk with judged stories, whose trainings take their time."""
    judge_stories(desk, 20)
    monkeypatch.setattr(Trainer, "_command", lambda self, job: SLOW)
    return desk


def judge_stories(desk: Desk, n: int) -> None:
    with desk.database.write() as session:
        person = add_account(session, "ann", "annotator").id
        texts = [(label, f"{sentence} It was day {i}.") for i in range(n // 4) for label, sentence in SENTENCES.items()]
        added = add_stories(session, 1, [NewStory(text) for _, text in texts])
        names = {"trade": 1, "security": 2, "taiwan": 3, "drugs": 4}
        for i, (story_id, (label, _)) in enumerate(zip(added.ids, texts, strict=True)):
            verdicts = {label_id: "yes" if name == label else "no" for name, label_id in names.items()}
            reason: Reason = "random" if i % 5 < 2 else "uncertain"
            save(session, 1, person, Save(f"save-{i:05}", story_id, verdicts), reason)  # type: ignore[arg-type]  # verdicts


def test_one_training_runs_at_a_time_and_is_cancelled(slow: Desk) -> None:
    job = slow.trainer.start(1, "topics", "eve")
    with pytest.raises(ConflictError, match=rf"training {job.id} is under way"):
        slow.trainer.start(1, "topics", "eve")
    slow.trainer.cancel(job.id)
    wait_for(slow.trainer.folder_of(job.id))
    assert slow.trainer.settle() == []
    with slow.database.read() as session:
        ended = session.get(Job, job.id)
        assert ended
        assert (ended.state, ended.candidate) == ("cancelled", None)
    with pytest.raises(ConflictError, match="gave no version: it is cancelled"):
        slow.trainer.promote(job.id, "eve", "why not")
    slow.trainer.cancel(slow.trainer.start(1, "topics", "eve").id)


def test_a_training_is_found_again_after_a_restart(slow: Desk) -> None:
    job = slow.trainer.start(1, "topics", "eve")
    later = Desk(slow.settings, slow.database, slow.signer, slow.store)
    assert [one.id for one in later.trainer.settle()] == [job.id]
    later.trainer.cancel(job.id)
    wait_for(slow.trainer.folder_of(job.id))
    assert later.trainer.settle() == []


def test_too_little_to_train_on_and_an_unknown_configuration_are_named(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="0 judged stories, 0 of them for testing: too few"):
        desk.trainer.start(1, "topics", "eve")
    with pytest.raises(ConflictError, match="no configuration 'other'; expected topics, few_shot"):
        desk.trainer.start(1, "other", "eve")
    with desk.database.read() as session:
        assert desk.trainer.jobs(session, 1) == []


def test_a_version_is_promoted_refused_and_taken_back_with_its_reason(
    slow: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def command(self: Trainer, job: Job) -> list[str]:
        """What a training leaves: a bundle in the store and beside its log, and the comparison."""
        folder = self.folder_of(job.id)
        bundle = make_tiny_bundle(folder / "bundle", seed=job.id)
        Store(self.store).add(folder / "bundle")
        current = Store(self.store).current()
        (folder / "report").mkdir()
        verdict: dict[str, object] = {
            "candidate": {"digest": bundle.digest},
            "current": {"digest": current} if current else None,
            "is_passed": False,
            "headline": "Cannot tell",
            "reasons": [],
        }
        (folder / "report" / "comparison.json").write_text(json.dumps(verdict))
        return [sys.executable, "-c", "raise SystemExit(1)"]

    monkeypatch.setattr(Trainer, "_command", command)
    store, trainer = Store(slow.store), slow.trainer
    jobs = []
    for decide in (trainer.promote, trainer.promote, trainer.refuse):
        jobs.append(trainer.start(1, "topics", "eve").id)
        wait_for(trainer.folder_of(jobs[-1]))
        decide(jobs[-1], "eve", f"reason {jobs[-1]}")
    with pytest.raises(ConflictError, match="was refused already"):
        trainer.promote(jobs[-1], "eve", "after all")
    trainer.rollback("eve", "it was worse")
    events = [event for event in store.journal() if event.action != "add"]
    assert [(event.action, event.who, event.details["reason"]) for event in events] == [
        ("promote", "eve", "reason 1"),
        ("promote", "eve", "reason 2"),
        ("refuse", "eve", "reason 3"),
        ("rollback", "eve", "it was worse"),
    ]
    assert events[0].details["is_forced"] is True
    assert store.current() == events[0].digest


def test_erasing_takes_the_texts_that_trainings_were_given(slow: Desk) -> None:
    job = slow.trainer.start(1, "topics", "eve")
    stories = slow.trainer.folder_of(job.id) / "stories.jsonl"
    slow.forget_erased()
    assert stories.is_file()
    slow.trainer.cancel(job.id)
    wait_for(stories.parent)
    slow.forget_erased()
    assert not stories.exists()


def test_the_page_of_a_training_streams_its_log_until_it_has_ended(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_stories(desk, 20)
    words = "import time; print('step 1', flush=True); time.sleep(1); print('step 2')"
    monkeypatch.setattr(Trainer, "_command", lambda self, job: [sys.executable, "-c", words])
    page = post_form(client, "/desk/p/1/train", config="topics")
    assert page.url.path == "/desk/p/1/jobs/1"
    events = client.get("/desk/p/1/jobs/1/events").text
    assert [line for line in events.splitlines() if line.startswith(("event", "data"))] == [
        "event: log",
        'data: "step 1\\n"',
        "event: log",
        'data: "step 2\\n"',
        "event: end",
        "data: {}",
    ]
    assert "gave" not in client.get("/desk/p/1/jobs/1").text
    assert client.get("/desk/p/1/jobs/99").status_code == 404

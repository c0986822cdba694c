"""Trainings that people ask for: one at a time, each a job with a folder; and what becomes of what they made."""

import json
import logging
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.model.bundles.journal import Event
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.errors import BundleError
from copydesk.model.files.disk import write_lines
from copydesk.service.desk.errors import ConflictError, MissingError
from copydesk.service.desk.jobs import process
from copydesk.service.desk.jobs.export import Exported, labelled_rows
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.ledger import Ledger
from copydesk.service.desk.store.projects import get_project, list_labels
from copydesk.service.desk.store.tables import Job

logger = logging.getLogger(__name__)

STORIES = "stories.jsonl"
_BUNDLE, _REPORT = "bundle", "report"
_MIN_EXAMPLES = 8  # of a label; with fewer `copydesk train --skip-bad` leaves it out
_UNDER_WAY = ("starting", "running")
_STARTING_S = 300.0
_FEW = 10  # stories; with fewer there is nothing to train on
_REFUSED = 1  # exit code of a training whose bundle is worse than the current one
_N_LAST_LINES = 5


@dataclass(frozen=True)
class Trainer:
    """Starts, follows and ends trainings. For any thread."""

    database: Database
    ledger: Ledger
    folder: Path  # of all jobs
    store: Path  # of versions
    configs: tuple[str, ...]  # that may be asked for: TOML files, or names of those that ship

    def start(self, project_id: int, config: str, asked_by: str) -> Job:
        """Train on what is judged by now. Raises ConflictError while another training runs, or for too few stories."""
        if config not in self.configs:
            raise ConflictError(f"no configuration {config[:80]!r}; expected {', '.join(self.configs)}")
        self.settle()
        job = self._add(project_id, config, asked_by)
        try:
            self._begin(job)
        except Exception:
            with self.database.write() as session:
                session.delete(self.get(session, job.id))
            raise
        return job

    def find_scarce(self, session: Session, project_id: int) -> list[str]:
        """Labels that too few stories carry that may be learned from: a training leaves them out."""
        standing = self.ledger.standing(session, project_id)
        learned = (
            key for key, verdict in standing.settled.items() if verdict == "yes" and key[0] not in standing.random
        )
        counts = Counter(label_id for _, label_id in learned)
        return [label.name for label in list_labels(session, project_id) if counts[label.id] < _MIN_EXAMPLES]

    def export(self, session: Session, project_id: int, target: Path) -> Exported:
        """Write what is judged, whole or not at all. Raises DataError where it cannot be written."""
        standing, labels = self.ledger.standing(session, project_id), list_labels(session, project_id)
        n_stories = n_test = 0

        def lines() -> Iterator[str]:
            nonlocal n_stories, n_test
            for row in labelled_rows(session, labels, standing):
                n_stories, n_test = n_stories + 1, n_test + row["for_test"]
                yield json.dumps(row, ensure_ascii=False)

        write_lines(target, lines())
        return Exported(n_stories, n_test)

    def settle(self) -> list[Job]:
        """Note how trainings ended that have ended, also while the desk was not there; returns those that run."""
        with self.database.read() as session:
            under_way = list(session.scalars(select(Job).where(Job.state.in_(_UNDER_WAY))))
        late = time.time() - _STARTING_S  # one that has not begun by then never will: the desk was ended meanwhile
        running = [job for job in under_way if job.state == "running" or job.started_at < late]
        ended = [(job.id, end) for job in running if (end := process.find_end(self.folder_of(job.id)))]
        for job_id, end in ended:
            with self.database.write() as session:
                self._note_end(self.get(session, job_id), end)
        return [job for job in running if job.id not in {job_id for job_id, _ in ended}]

    def cancel(self, job_id: int) -> None:
        """End a training that runs. Raises ConflictError where it does not."""
        if not process.cancel(self.folder_of(job_id)):
            raise ConflictError(f"training {job_id} has ended already; there is nothing to cancel")

    def promote(self, job_id: int, who: str, reason: str) -> None:
        """Make what the training gave the current version, with the reason in the journal; a service that follows the
        store takes it within a second. Raises StoreError where another version became current meanwhile."""
        digest = self._candidate(job_id)
        verdict = self.verdict(job_id) or {}
        current = (verdict.get("current") or {}).get("digest")
        store = Store(self.store, who)
        # A first version was compared with the bundle that ships, which no store holds.
        before = current if current in store.digests() else None
        details = {"reason": reason, "is_forced": not verdict.get("is_passed"), "result": verdict.get("headline")}
        store.promote(digest, instead_of=before, **details)
        self._decide(job_id, "promoted")

    def refuse(self, job_id: int, who: str, reason: str) -> None:
        """Note in the journal that it does not become current, and why."""
        digest = self._candidate(job_id)
        store = Store(self.store, who)
        store.refuse(digest, instead_of=store.current(), reason=reason)
        self._decide(job_id, "refused")

    def rollback(self, who: str, reason: str) -> str:
        """Make the version current that was before. Raises StoreError where there is none."""
        return Store(self.store, who).rollback(reason=reason)

    def journal(self) -> list[Event]:
        """What became of all versions, the latest first."""
        return Store(self.store).journal()[::-1]

    def get(self, session: Session, job_id: int) -> Job:
        """The job. Raises MissingError."""
        job = session.get(Job, job_id)
        if job is None:
            raise MissingError(f"no training {job_id}; the page of versions lists them")
        return job

    def jobs(self, session: Session, project_id: int) -> list[Job]:
        """The latest first."""
        return [*session.scalars(select(Job).where(Job.project_id == project_id).order_by(Job.id.desc()))]

    def verdict(self, job_id: int) -> dict[str, Any] | None:  # Any: JSON
        """The comparison with the version that was current; None before there is one."""
        try:
            found = json.loads((self.folder_of(job_id) / _REPORT / "comparison.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def folder_of(self, job_id: int) -> Path:
        """Where the job keeps its data, log and bundle."""
        return self.folder / str(job_id)

    def erase(self) -> None:
        """Remove the texts that ended trainings were given: stories were erased."""
        running = {job.id for job in self.settle()}
        for folder in self.folder.glob("*"):
            if folder.name.isdecimal() and int(folder.name) not in running:
                (folder / STORIES).unlink(missing_ok=True)
                shutil.rmtree(folder / f"{_BUNDLE}-checkpoints", ignore_errors=True)

    def _add(self, project_id: int, config: str, asked_by: str) -> Job:
        """A training that is about to begin."""
        with self.database.write() as session:
            under_way = select(Job).where(Job.state.in_(_UNDER_WAY)).limit(1).with_for_update()
            if running := session.scalar(under_way):
                raise ConflictError(f"training {running.id} is under way; wait for it or cancel it first")
            get_project(session, project_id)
            job = Job(project_id=project_id, asked_by=asked_by, config=config, state="starting")
            session.add(job)
        return job

    def _begin(self, job: Job) -> None:
        """Write the stories and start the process; nobody's saves wait for it meanwhile."""
        with self.database.read() as session:
            exported = self.export(session, job.project_id, self.folder_of(job.id) / STORIES)
        if exported.n_stories - exported.n_test < _FEW:
            raise ConflictError(
                f"{exported.n_stories} judged stories, {exported.n_test} of them for testing: too few to train on; "
                f"judge {_FEW} more"
            )
        process.start(self.folder_of(job.id), self._command(job))
        with self.database.write() as session:
            self.get(session, job.id).state = "running"

    def _command(self, job: Job) -> list[str]:
        folder = self.folder_of(job.id)
        command = [sys.executable, "-m", "copydesk", "train", job.config, "--data", str(folder / STORIES), "--skip-bad"]
        return [
            *command,
            "--store",
            str(self.store),
            "--out",
            str(folder / _BUNDLE),
            "--report",
            str(folder / _REPORT),
            "--hold",
        ]

    def _note_end(self, job: Job, end: process.Ended) -> None:
        job.ended_at = time.time()
        if end.is_cancelled:
            job.state = "cancelled"
        elif end.code in (0, _REFUSED) and (digest := self._digest(job.id)):
            job.state, job.candidate = "done", digest
        else:
            job.state, job.fault = "failed", self._explain(job.id, end)
        logger.info("a training has ended", extra={"fields": {"job": job.id, "state": job.state, "code": end.code}})

    def _digest(self, job_id: int) -> str | None:
        try:
            return load_manifest(self.folder_of(job_id) / _BUNDLE).digest
        except BundleError:
            return None

    def _explain(self, job_id: int, end: process.Ended) -> str:
        if end.code is None:
            return "its process was killed, or the machine stopped; start it again"
        log, _ = process.read_log(self.folder_of(job_id), 0)
        errors = [line for line in log.splitlines() if "Error: " in line]
        return errors[-1] if errors else f"exit code {end.code}; see its log"

    def _candidate(self, job_id: int) -> str:
        self.settle()
        with self.database.read() as session:
            job = self.get(session, job_id)
        if job.candidate is None:
            raise ConflictError(f"training {job_id} gave no version: it is {job.state}")
        if job.decision is not None:
            raise ConflictError(f"what training {job_id} gave was {job.decision} already; nothing has changed")
        return job.candidate

    def _decide(self, job_id: int, decision: str) -> None:
        with self.database.write() as session:
            self.get(session, job_id).decision = decision

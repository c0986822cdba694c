"""The desk: what its routes work with, made once, and what runs beside them."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from jinja2 import Environment
from sqlalchemy.orm import Session

from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.errors import ConfigError
from copydesk.service.desk.errors import DeskError
from copydesk.service.desk.jobs.trainer import Trainer
from copydesk.service.desk.queue.lanes import Lanes, fit_topic, topic_answers
from copydesk.service.desk.queue.pool import Pools
from copydesk.service.desk.queue.topics import Head
from copydesk.service.desk.reading.reader import Reader
from copydesk.service.desk.reading.sampler import Sampler
from copydesk.service.desk.store.accounts import add_account, find_account, has_admin, read_secret
from copydesk.service.desk.store.database import Database, sqlite_url
from copydesk.service.desk.store.ledger import Ledger
from copydesk.service.desk.store.projects import add_project, list_labels, list_projects
from copydesk.service.desk.store.schema import migrate
from copydesk.service.desk.store.stories import erase_old
from copydesk.service.desk.store.verdicts import Standing
from copydesk.service.desk.web.render import make_environment
from copydesk.service.desk.web.sessions import Signer
from copydesk.service.desk.web.throttle import Throttle
from copydesk.service.drift import DriftWatch
from copydesk.service.settings import Settings

logger = logging.getLogger(__name__)

_FIRST_PROJECT = "news"
_FIRST_ADMIN = "admin"
_TIDY_EVERY_S = 3_600.0
_ERASED_AT_ONCE = 500


@dataclass
class Desk:
    """All of it. `reader` and `drift` are there while the app runs."""

    settings: Settings
    database: Database
    signer: Signer
    store: Path
    ledger: Ledger = field(default_factory=Ledger)
    pools: Pools = field(default_factory=Pools)
    throttle: Throttle = field(default_factory=Throttle)
    pages: Environment = field(default_factory=make_environment)
    reader: Reader | None = None
    drift: DriftWatch | None = None

    def __post_init__(self) -> None:
        self._heads: dict[int, tuple[tuple[Standing, tuple[int, ...]], dict[int, Head]]] = {}  # and what they are of
        self.lanes = Lanes(self.database, self.pools, self.ledger)
        jobs = self.settings.desk_dir / "jobs"
        self.trainer = Trainer(self.database, self.ledger, jobs, self.store, self.settings.desk_configs)

    @property
    def digest(self) -> str:
        """Of the version that serves."""
        return self.reader.bundle.digest if self.reader else ""

    def heads(self, session: Session, project_id: int) -> dict[int, Head]:
        """Provisional heads of the labels that the version that serves does not know, by label."""
        known = self.reader.bundle.labels if self.reader else ()
        labels = list_labels(session, project_id)
        new = [label for label in labels if label.name not in known]
        if not new:
            return {}
        standing, ids = self.ledger.standing(session, project_id), tuple(label.id for label in new)
        made_of, heads = self._heads.get(project_id, (None, {}))
        if made_of is None or made_of[0] is not standing or made_of[1] != ids:
            numbers = self.pools.numbers(session, project_id, [label.name for label in labels])
            fitted = {label_id: fit_topic(numbers, topic_answers(standing, label_id)) for label_id in ids}
            heads = {label_id: head for label_id, head in fitted.items() if head}
            self._heads[project_id] = (standing, ids), heads
        return heads

    def forget_erased(self) -> None:
        """Stories were erased: no copy of them stays."""
        self.ledger.forget()
        self.pools.forget()
        self.trainer.erase()

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """What works beside the routes: reading, and erasing what is too old."""
        self.reader, self.drift = Reader(self.database, app.state.scheduler), app.state.drift
        sampler = Sampler(self.database, self.settings, self.reader.wake)
        app.state.listeners.append(sampler.note)
        if app.state.shadow:
            app.state.shadow.listeners.append(sampler.note_disagreement)
        tasks = [asyncio.create_task(work) for work in (self.reader.run(), self._tidy(), sampler.run())]
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.database.close()

    async def _tidy(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.trainer.settle)
                await asyncio.to_thread(self._erase_old)
            except DeskError as error:
                logger.warning("the desk could not tidy up", extra={"fields": {"reason": str(error)}})
            await asyncio.sleep(_TIDY_EVERY_S)

    def _erase_old(self) -> None:
        keep_days, n_erased = self.settings.desk_keep_days, 0
        while keep_days is not None:
            with self.database.write() as session:
                n = erase_old(session, keep_days, _ERASED_AT_ONCE)
            n_erased += n
            if n < _ERASED_AT_ONCE:
                break
        if n_erased:
            self.forget_erased()
            logger.info("stories were erased", extra={"fields": {"n": n_erased, "keep_days": keep_days}})


def open_desk(settings: Settings) -> Desk:
    """The desk of these settings, its database brought up to date. Raises ConfigError, DeskError."""
    if settings.models_dir is None:
        raise ConfigError("the desk needs a store of versions; name one with --store")
    try:
        settings.desk_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"COPYDESK_DESK_DIR: {settings.desk_dir}: {error.strerror}; name a folder that can be written"
        ) from error
    database = Database(settings.database_url or sqlite_url(settings.desk_dir / "desk.db"))
    migrate(database)
    with database.write() as session:
        secret = read_secret(session)
        if not list_projects(session):
            add_project(session, _FIRST_PROJECT, _current_labels(settings))
    return Desk(settings, database, Signer(secret, settings.desk_session_s), settings.models_dir)


def first_link(desk: Desk) -> str | None:
    """The path at which the first admin chooses a password, once; none where there is an admin."""
    with desk.database.write() as session:
        if has_admin(session):
            return None
        admin = find_account(session, _FIRST_ADMIN) or add_account(session, _FIRST_ADMIN, "admin")
        return f"/desk/welcome?token={desk.signer.sign(admin.id, admin.epoch, 'link')}"


def _current_labels(settings: Settings) -> Sequence[str]:
    store = Store(settings.models_dir) if settings.models_dir else None
    current = store.current() if store else None
    return load_manifest(store.path(current) if store and current else settings.bundle).labels

"""Twenty annotators at once, and kill -9 of the desk at random moments: what was acknowledged is there, once."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select

from benchmarks.bench import Bench, Report
from benchmarks.desk.people import Annotator, fill, measure_each, serve_desk, sign_in
from benchmarks.servers import find_port
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.tables import Judgement, QueueItem
from support.tiny import LABELS, STORY, make_tiny_bundle

N_PEOPLE, N_JUDGEMENTS, N_KILLS = 20, 5_000, 20
_RETRY_S = 0.2

T = TypeVar("T")


class Tally:
    """What the annotators were told is kept; for any number of threads."""

    def __init__(self, n_wanted: int) -> None:
        self.acknowledged: list[str] = []
        self.n_retries = 0
        self._n_wanted = n_wanted
        self._lock = threading.Lock()

    def keep(self, save_id: str) -> None:
        """A save was acknowledged."""
        with self._lock:
            self.acknowledged.append(save_id)

    def note_retry(self) -> None:
        """A request got no answer."""
        with self._lock:
            self.n_retries += 1

    @property
    def is_over(self) -> bool:
        """As many as were wanted."""
        return len(self.acknowledged) >= self._n_wanted


def work(person: Annotator, tally: Tally) -> None:
    """Judge until there are enough; what gets no answer is sent again, under the same id."""
    while not tally.is_over:
        stories = insist(partial(person.claim, 1), tally)
        if not stories:
            time.sleep(_RETRY_S)
            continue
        save_id, verdicts = uuid.uuid4().hex, random.choices(["yes", "no"], k=len(LABELS))
        insist(partial(person.save, stories[0], verdicts, save_id), tally)
        tally.keep(save_id)


def insist(ask: Callable[[], T], tally: Tally) -> T:
    """The answer, however often it has to be asked for."""
    while True:
        try:
            return ask()
        except OSError:  # no connection, cut off, or 503
            tally.note_retry()
            time.sleep(_RETRY_S)


def measure(name: str, url: str, folder: Path, bench: Bench, report: Report) -> None:
    """One database."""
    n_judgements, n_kills = bench.pick(N_JUDGEMENTS, 120), bench.pick(N_KILLS, 2)
    make_tiny_bundle(folder / "tiny")
    database, port, tally = Database(url), find_port(), Tally(n_judgements)
    people = fill(database, folder / "tiny", n_judgements + 20 * N_PEOPLE, N_PEOPLE, STORY, width=32)
    annotators = sign_in(database, f"http://127.0.0.1:{port}", people)
    threads = [threading.Thread(target=work, args=(person, tally)) for person in annotators]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    rng, n_killed = random.Random(4), 0
    while not tally.is_over:
        with serve_desk(folder, folder / "tiny", url, port) as server:
            moment = time.monotonic() + (rng.uniform(0.2, 5) if n_killed < n_kills else float("inf"))
            while not tally.is_over and time.monotonic() < moment:
                time.sleep(0.05)
            if not tally.is_over:
                server.process.kill()
                server.process.wait()
                n_killed += 1
    with serve_desk(folder, folder / "tiny", url, port):
        for thread in threads:
            thread.join()
    seconds = time.perf_counter() - started
    with database.read() as session:
        rows = dict(session.execute(select(Judgement.save_id, func.count()).group_by(Judgement.save_id)).all())
        n_done = session.scalar(select(func.count()).select_from(QueueItem).where(QueueItem.done_at.is_not(None))) or 0
    database.close()
    report.add_row(name, len(tally.acknowledged), n_killed, tally.n_retries, seconds)
    lost = [save for save in tally.acknowledged if rows.get(save) != len(LABELS)]
    report.add(f"{name}: lost or incomplete", len(lost), at_most=0)
    report.add(f"{name}: kept and never acknowledged", len(rows.keys() - set(tally.acknowledged)), at_most=0)
    report.add(f"{name}: more saves than items", abs(n_done - len(rows)), at_most=0)


def main(bench: Bench) -> Report:
    """SQLite, and PostgreSQL where it is installed."""
    report = Report()
    report.start_table("database", "judgements", "kills", "retries", "seconds")
    measure_each(partial(measure, bench=bench, report=report))
    return report

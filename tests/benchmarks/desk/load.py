"""A project of 100,000 stories: how long the next story, a save and the start page take."""

import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from sqlalchemy import insert

from benchmarks.bench import Bench, Report
from benchmarks.desk.people import PROJECT, Annotator, fill, measure_each, serve_desk, sign_in
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.tables import Judgement
from support.tiny import LABELS, STORY, make_tiny_bundle

N_STORIES, N_JUDGED, N_PEOPLE, N_EACH = 100_000, 5_000, 8, 60
_READING_S, _LOOKING_S = 1.0, 2.0  # nobody judges faster, or looks more often
_TEXT = STORY * 10  # 2,000 characters


T = TypeVar("T")


def main(bench: Bench) -> Report:
    """SQLite, and PostgreSQL where it is installed."""
    report = Report()
    report.start_table("milliseconds", "p50", "p99", "worst")
    measure_each(partial(measure, bench=bench, report=report))
    return report


def measure(name: str, url: str, folder: Path, bench: Bench, report: Report) -> None:
    """One database: some people read, a save and the next story each, while somebody looks at the start page."""
    make_tiny_bundle(folder / "tiny")
    database = Database(url)
    people = fill(database, folder / "tiny", bench.pick(N_STORIES, 2_000), N_PEOPLE, _TEXT)
    add_judgements(database, people[0], bench.pick(N_JUDGED, 100))
    times: dict[str, list[float]] = {"next story": [], "save": [], "start page": []}
    with serve_desk(folder, folder / "tiny", url) as server:
        annotators = sign_in(database, server.url, people)
        annotators[0].claim(1)  # the first one reads 100,000 stories into memory
        annotators[0].get("")
        readers = [
            threading.Thread(target=read, args=(person, bench.pick(N_EACH, 5), times)) for person in annotators[1:]
        ]
        for reader in readers:
            reader.start()
        while any(reader.is_alive() for reader in readers):
            timed(times["start page"], partial(annotators[0].get, ""))
            time.sleep(_LOOKING_S)
        report.add(f"{name}: memory of the service", server.memory_mb, "MB")
    database.close()
    limits = {"next story": 100, "save": 100, "start page": 300}
    for what, taken in times.items():
        p50, p99 = np.percentile(taken, (50, 99))
        report.add_row(f"{name}: {what}", float(p50), float(p99), max(taken))
        report.add(f"{name}: {what}, p99", float(p99), "ms", at_most=limits[what])


def read(person: Annotator, n: int, times: dict[str, list[float]]) -> None:
    """Judge stories, two held at a time, as the page does it."""
    waiting = timed(times["next story"], partial(person.claim, 2))
    for _ in range(n):
        story = waiting.pop(0)
        timed(times["save"], partial(person.save, story, ["no"] * len(LABELS), uuid.uuid4().hex))
        waiting += timed(times["next story"], partial(person.claim, 1, [one["item"] for one in waiting]))
        time.sleep(_READING_S)


def timed(times: list[float], ask: Callable[[], T]) -> T:
    """The answer; how many milliseconds it took is added."""
    started = time.perf_counter()
    answer = ask()
    times.append(1_000 * (time.perf_counter() - started))
    return answer


def add_judgements(database: Database, person: int, n: int) -> None:
    """Judged stories, one in five drawn at random."""
    rng = np.random.default_rng(2)
    common = {"project_id": PROJECT, "annotator_id": person, "guideline_version": 1, "at": time.time()}
    rows = [
        common
        | {"save_id": f"before-{story}", "story_id": story, "label_id": label}
        | {"verdict": "yes" if rng.random() < 0.3 else "no", "reason": "random" if story % 5 == 0 else "uncertain"}
        for story in range(1, n + 1)
        for label in range(1, len(LABELS) + 1)
    ]
    with database.write() as session:
        for start in range(0, len(rows), 2_000):
            session.execute(insert(Judgement), rows[start : start + 2_000])

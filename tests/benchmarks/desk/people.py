"""A desk under measurement: filled without the model, served, and asked by many annotators at once."""

import json
import os
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.servers import Server, find_port, run_server
from copydesk.model.bundles.manifest import load_manifest
from copydesk.service.desk.store.accounts import add_account, read_secret
from copydesk.service.desk.store.database import Database, sqlite_url
from copydesk.service.desk.store.predictions import Reading, keep_model, keep_readings
from copydesk.service.desk.store.projects import add_project
from copydesk.service.desk.store.schema import migrate
from copydesk.service.desk.store.stories import NewStory, add_stories
from copydesk.service.desk.web.sessions import COOKIE, Signer
from support.postgres import find_server, run_postgres

PROJECT = 1
_SESSION_S = 86_400.0
_AT_ONCE = 1_000
_TIMEOUT_S = 30


@dataclass(frozen=True)
class Annotator:
    """Somebody who has signed in, as programs send it."""

    url: str
    cookie: str
    token: str

    def post(self, path: str, body: Any) -> Any:  # Any: JSON
        """The answer of a route of the project. Raises OSError where there is none."""
        headers = {"Content-Type": "application/json", "Cookie": f"{COOKIE}={self.cookie}", "X-CSRF-Token": self.token}
        url = f"{self.url}/desk/p/{PROJECT}/{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            return json.load(answer)

    def claim(self, n: int, held: Sequence[int] = ()) -> list[Any]:
        """The next stories."""
        stories: list[Any] = self.post("claim", {"n": n, "held": list(held)})["stories"]
        return stories

    def save(self, story: Any, verdicts: Sequence[str], save_id: str) -> None:  # Any: JSON
        """A judgement of the story, a verdict for each of its labels."""
        given = {str(label["id"]): verdict for label, verdict in zip(story["labels"], verdicts, strict=True)}
        where = {"lane": "main", "item": story["item"], "story": story["story"]}
        self.post("save", {"save_id": save_id, **where, "verdicts": given})

    def get(self, path: str) -> bytes:
        """A page of the project."""
        url, headers = f"{self.url}/desk/p/{PROJECT}{path}", {"Cookie": f"{COOKIE}={self.cookie}"}
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            page: bytes = answer.read()
            return page


def fill(database: Database, bundle: Path, n_stories: int, n_people: int, text: str, width: int = 384) -> list[int]:
    """A project of stories as if this bundle had read them, and people; their numbers."""
    migrate(database)
    manifest = load_manifest(bundle)
    rng = np.random.default_rng(11)
    with database.write() as session:
        add_project(session, "news", manifest.labels)
        people = [add_account(session, f"person {n}", "annotator").id for n in range(n_people)]
        thresholds = [rule.threshold for rule in manifest.rules]
        keep_model(session, manifest.digest, manifest.name, manifest.labels, thresholds)
    for start in range(0, n_stories, _AT_ONCE):
        n = min(_AT_ONCE, n_stories - start)
        vectors = rng.normal(size=(n, width)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        scores = rng.beta(0.3, 0.9, size=(n, len(manifest.labels))).astype(np.float32)
        with database.write() as session:
            stories = [NewStory(f"Story {start + i}. {text}", f"Title {start + i}") for i in range(n)]
            ids = add_stories(session, PROJECT, stories).ids
            answer: dict[str, Any] = {"tags": [], "sentences": [], "furniture": []}
            readings = [Reading(ids[i], answer, scores[i], vectors[i]) for i in range(n)]
            keep_readings(session, manifest.digest, readings)
    return people


def sign_in(database: Database, url: str, people: Sequence[int]) -> list[Annotator]:
    """These people, with sessions as the desk would have given them."""
    with database.write() as session:
        signer = Signer(read_secret(session), _SESSION_S)
    found = []
    for person in people:
        cookie = signer.sign(person, 0)
        opened = signer.read(cookie)
        assert opened is not None
        found.append(Annotator(url, cookie, signer.form_token(opened.nonce)))
    return found


@contextmanager
def serve_desk(folder: Path, bundle: Path, database_url: str, port: int | None = None) -> Iterator[Server]:
    """`copydesk desk` on this database."""
    port = port or find_port()
    command = [sys.executable, "-m", "copydesk", "desk", "--port", str(port), "--store", str(folder / "models")]
    settings = {
        "COPYDESK_DESK_DIR": str(folder / "desk"),
        "COPYDESK_DATABASE_URL": database_url,
        "COPYDESK_BUNDLE": str(bundle),
    }
    with run_server(command, f"http://127.0.0.1:{port}", "/readyz", os.environ | settings) as server:
        yield server


def measure_each(measure: Callable[[str, str, Path], None]) -> None:
    """Measure SQLite, and PostgreSQL where it is installed. measure: takes a name, a URL and an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        measure("SQLite", sqlite_url(Path(name) / "desk.db"), Path(name))
    if find_server() is None:
        print("PostgreSQL is not installed: not measured")
        return
    with tempfile.TemporaryDirectory() as name, run_postgres() as url:
        measure("PostgreSQL", url, Path(name))

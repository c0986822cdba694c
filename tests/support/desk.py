"""What the tests of the desk share: stories that a model has read, and browsers that send forms."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.predictions import Reading, keep_model, keep_readings
from copydesk.service.desk.store.stories import NewStory, add_stories

PASSWORD = "correct horse battery"
TOPICS = ("trade", "drugs")
DIGEST = "d" * 64
ANN, BEN, EVE = 1, 2, 3  # accounts of the fixture `project`
_WIDTH = 8


def add_read_stories(
    database: Database, project_id: int, n: int, scores: Callable[[int], list[float]] = lambda i: [0.5, 0.5]
) -> list[int]:
    """New stories that a model has read, with these scores."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n, _WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with database.write() as session:
        stories = [NewStory(f"Story number {i}. It was day {i}.", f"Title {i}") for i in range(n)]
        ids = list(add_stories(session, project_id, stories).ids)
        keep_model(session, DIGEST, "tiny", TOPICS, [0.5, 0.5])
        readings = [
            Reading(story_id, {}, np.array(scores(i), np.float32), vectors[i]) for i, story_id in enumerate(ids)
        ]
        keep_readings(session, DIGEST, readings)
    return ids


def token_of(client: TestClient) -> str:
    """What forms and scripts of this browser's session carry."""
    found: list[str] = re.findall(r'name="csrf" content="(\w+)"', client.get("/desk/password").text)
    return found[0]


def post_form(client: TestClient, path: str, **fields: Any) -> Any:
    """The page after this form was sent."""
    return client.post(path, data={"csrf": token_of(client), **fields})


def post_json(client: TestClient, path: str, body: Any) -> Any:
    """The answer to what a script sends."""
    return client.post(path, json=body, headers={"X-CSRF-Token": token_of(client), "Accept": "application/json"})

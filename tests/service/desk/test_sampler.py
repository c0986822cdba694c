"""Stories on which a version that reads beside the current one differs, taken in."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.service.desk.desk import open_desk
from copydesk.service.desk.queue.pool import RESERVED_SHARE
from copydesk.service.desk.site import add_desk
from copydesk.service.desk.store.stories import NewStory, draw_of, list_stories
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import STORY, make_tiny_bundle

TEXTS = [f"{STORY} It was day {n}." * (n % 5 + 1) for n in range(30)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "models")
    for seed in range(2):
        make_tiny_bundle(tmp_path / str(seed), seed)
        store.add(tmp_path / str(seed))
    store.promote(store.digests()[0], instead_of=None)
    return store


def find_differences(store: Store) -> dict[str, str]:
    """The texts on which the two versions differ, with the labels."""
    current, candidate = (Analyzer.load(store.path(digest), "cpu") for digest in store.digests())
    pairs = {
        text: zip(current.analyze(text).story.tags, candidate.analyze(text).story.tags, strict=True) for text in TEXTS
    }
    differing = {text: [a.label for a, b in tags if a.assigned != b.assigned] for text, tags in pairs.items()}
    return {text: ", ".join(labels) for text, labels in differing.items() if labels}


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_stories_on_which_a_shadow_differs_are_taken_in_but_none_that_chance_alone_may_show(
    share: float, store: Store, tmp_path: Path
) -> None:
    settings = Settings(
        models_dir=store.directory,
        desk_dir=tmp_path / "desk",
        shadow=store.digests()[1],
        shadow_share=1,
        shadow_sample=share,
    )
    desk = open_desk(settings)
    app = make_app(settings, lambda: Analyzer.load(store.path(store.digests()[0]), "cpu"))
    add_desk(app, desk)
    with TestClient(app) as client:
        wait_for(client, "copydesk_shadow_info{")
        client.post("/v1/analyze", json={"documents": [{"text": text} for text in TEXTS]}).raise_for_status()
        wait_for(client, f'copydesk_shadow_texts_total{{outcome="compared"}} {len(TEXTS)}')
        time.sleep(0.5)
        with desk.database.read() as session:
            taken = {story.text: story.source for story in list_stories(session, 1, None, 100)}
    free = [text for text in TEXTS if draw_of(NewStory(text).hash) >= RESERVED_SHARE]
    assert len(free) < len(TEXTS)
    differing = {text: f"shadow: {labels}" for text, labels in find_differences(store).items() if text in free}
    assert differing
    assert taken == (differing if share else {})


def wait_for(client: TestClient, line: str) -> None:
    deadline = time.monotonic() + 30
    while line not in client.get("/metrics").text:
        assert time.monotonic() < deadline, line
        time.sleep(0.05)

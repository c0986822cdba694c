"""The start page says whether the texts of the endpoint have changed, and what their scores promise."""

import re

from fastapi.testclient import TestClient

from copydesk.model.drift.changes import find_changes
from copydesk.model.drift.reference import make_reference
from copydesk.service.desk.desk import Desk
from copydesk.service.drift import DriftWatch
from support.drift import N_WINDOWS, compose_analyses, sum_analyses
from support.tiny import LABELS


def read_start(client: TestClient) -> str:
    page = client.get("/desk/p/1")
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def watch_of(desk: Desk) -> DriftWatch:
    assert desk.drift is not None
    return desk.drift


def test_a_version_without_a_reference_says_how_to_make_one(client: TestClient) -> None:
    assert "copydesk drift reference makes its reference" in read_start(client)


def test_changes_stand_with_the_largest_first_beside_what_scores_promise(client: TestClient, desk: Desk) -> None:
    watch = watch_of(desk)
    bundle = watch._open.bundle
    watch._open.reference = make_reference(bundle, compose_analyses(600), "composed", window=40, n_windows=N_WINDOWS)
    assert "answered 0 of the 40 texts" in read_start(client)
    windows = [sum_analyses(compose_analyses(40, n, rate=0.9)) for n in range(3)]
    watch.windows.extend(windows)
    watch.changes = find_changes(windows, watch._open.reference)
    shown = read_start(client)
    raised = re.search(r"Drift: ([\w, ]+)\. The last window of 40 texts beside composed", shown)
    assert raised is not None
    assert set(LABELS) <= set(raised[1].split(", "))
    assert shown.count("expected") == 2 * len(LABELS)

"""Stories in, read by the model, shown, judged, undone: over HTTP, as the pages and their scripts ask for it."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analyzer import Analyzer
from copydesk.service.desk.desk import Desk, open_desk
from copydesk.service.desk.site import add_desk
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.predictions import count_read
from copydesk.service.desk.store.stories import count_stories, list_stories
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.desk import post_form, post_json, token_of
from support.tiny import LABELS, STORY

SignIn = Callable[..., TestClient]
PARAGRAPHS = "".join(f"<p>{STORY}</p>" for _ in range(3))
PAGE = f"<html><body><nav>Home</nav><article><h1>Steel</h1>{PARAGRAPHS}</article></body></html>"


def stories(n: int, first: int = 0) -> str:
    return "".join(
        json.dumps({"title": f"Title {i}", "text": f"{STORY} It was day {i}."}) + "\n" for i in range(first, first + n)
    )


def hand_in(client: TestClient, *files: tuple[str, str | bytes], **fields: str) -> str:
    uploads = [("files", (name, content)) for name, content in files]
    answer = client.post("/desk/p/1/stories", data={"csrf": token_of(client), **fields}, files=uploads)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def wait_until_read(desk: Desk, n: int) -> None:
    for _ in range(400):
        with desk.database.read() as session:
            if count_read(session, 1, desk.digest) >= n:
                return
        time.sleep(0.05)
    raise AssertionError("the model does not read")


def claim(client: TestClient, lane: str = "main", n: int = 1, held: list[int] | None = None) -> list[dict[str, Any]]:
    answer = post_json(client, "/desk/p/1/claim", {"lane": lane, "n": n, "held": held or []})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["stories"]
    return found


def judge(client: TestClient, shown: dict[str, Any], save_id: str, lane: str = "main", **more: Any) -> Any:
    verdicts = {str(label["id"]): more.get(label["name"], "no") for label in shown["labels"]}
    extra = {key: value for key, value in more.items() if key in ("summary", "furniture")}
    body = {
        "save_id": save_id,
        "lane": lane,
        "item": shown["item"],
        "story": shown["story"],
        "verdicts": verdicts,
        **extra,
    }
    return post_json(client, "/desk/p/1/save", body)


@pytest.fixture
def filled(client: TestClient, desk: Desk) -> TestClient:
    hand_in(client, ("stories.jsonl", stories(12)))
    wait_until_read(desk, 12)
    return client


def test_files_of_every_kind_become_stories(client: TestClient) -> None:
    page = hand_in(
        client,
        ("rows.csv", "title,text\nOne,A story of one line.\n"),
        ("rows.jsonl", stories(2)),
        ("page.html", PAGE),
        ("plain.txt", "A plain story.".encode("cp1252")),
        text="A pasted one.",
    )
    assert "6 new stories." in page
    assert "A pasted one." in page
    assert "2 new stories, 2 were here already." in hand_in(client, ("again.jsonl", stories(4)))


def test_what_does_not_read_is_named_and_spares_the_rest(client: TestClient) -> None:
    page = hand_in(
        client,
        ("rows.jsonl", '{"text": "Fine."}\n{"title": "No text"}\nnot json\n'),
        ("data.xlsx", b"PK"),
        ("broken.parquet", b"PAR1 no"),
    )
    assert "1 new stories." in page
    assert "rows.jsonl:2: no text in it; expected a column text, or html" in page
    assert "rows.jsonl:3: " in page
    assert "data.xlsx: the extension is not known" in page
    assert "broken.parquet: does not read" in page
    assert "4 could not be read" in page


def test_an_upload_over_the_limit_is_refused(client: TestClient, desk: Desk) -> None:
    too_much = "x" * (desk.settings.desk_max_upload_bytes + 1)
    files = {"files": ("big.txt", too_much)}
    assert client.post("/desk/p/1/stories", data={"csrf": token_of(client)}, files=files).status_code == 413


def test_labels_that_stories_come_with_are_judgements_on_request(client: TestClient) -> None:
    row = json.dumps({"text": STORY, "labels": ["trade"], "unsure": ["drugs"]})
    hand_in(client, ("labelled.jsonl", row), with_labels="yes")
    exported = [json.loads(line) for line in client.get("/v1/desk/export?project=news").text.splitlines()]
    assert [(row["labels"], row["unsure"], row["for_test"]) for row in exported] == [(["trade"], ["drugs"], False)]


def test_a_story_is_shown_whole_with_what_the_model_says(filled: TestClient) -> None:
    (shown,) = claim(filled)
    text = "".join(piece["text"] for piece in shown["pieces"])
    assert text.startswith(STORY)
    assert [label["name"] for label in shown["labels"]] == list(LABELS)
    assert all(0 <= label["score"] <= 1 and label["threshold"] == 0.5 for label in shown["labels"])
    sentences = {piece["sentence"] for piece in shown["pieces"]}
    assert set(shown["summary"]) <= sentences
    assert {start for label in shown["labels"] for start in label["evidence"]} <= sentences | {-1}
    assert shown["note"]


def test_a_story_that_chance_has_drawn_is_asked_afresh(filled: TestClient) -> None:
    shown = []
    while found := claim(filled):
        shown += found
        judge(filled, found[0], f"save-{len(shown):04}")
    assert len(shown) == 12
    by_chance = [one for one in shown if one["note"].startswith("Drawn at random")]
    others = [one for one in shown if one not in by_chance]
    assert by_chance
    assert {label["verdict"] for one in by_chance for label in one["labels"]} == {"no"}
    assert all(label["verdict"] == "yes" for one in others for label in one["labels"] if label["score"] >= 0.5)


def test_the_next_story_is_held_while_one_is_read_and_a_reload_shows_the_same(
    filled: TestClient, sign_in: SignIn
) -> None:
    mine = claim(filled, n=2)
    assert len({one["item"] for one in mine}) == 2
    assert [one["item"] for one in claim(filled, n=2)] == [one["item"] for one in mine]
    theirs = claim(sign_in("ann"), n=2)
    assert not {one["item"] for one in mine} & {one["item"] for one in theirs}
    post_json(filled, "/desk/p/1/release", {"items": [one["item"] for one in mine]})
    assert post_json(filled, "/desk/p/1/renew", {"items": [mine[0]["item"]]}).json() == {"n_held": 0}


def test_a_save_that_is_sent_again_counts_once(filled: TestClient, desk: Desk) -> None:
    (shown,) = claim(filled)
    for _ in range(3):
        assert judge(filled, shown, "save-0001", trade="yes").json() == {"note": ""}
    with desk.database.read() as session:
        assert len(desk.ledger.standing(session, 1).settled) == len(LABELS)
    assert [one for one in claim(filled, n=2) if one["story"] == shown["story"]] == []


def test_undoing_shows_the_story_again_to_the_same_person(filled: TestClient, desk: Desk) -> None:
    (shown,) = claim(filled)
    judge(filled, shown, "save-0001", trade="yes")
    undone = post_json(filled, "/desk/p/1/undo", {"save_id": "save-0001", "undo_id": "undo-0001"}).json()["story"]
    assert (undone["item"], undone["story"]) == (shown["item"], shown["story"])
    with desk.database.read() as session:
        assert desk.ledger.standing(session, 1).stories == {}
    again = post_json(filled, "/desk/p/1/undo", {"save_id": "save-0001", "undo_id": "undo-0002"})
    assert again.status_code == 409


def test_chosen_sentences_are_kept_and_exported_by_their_numbers(filled: TestClient) -> None:
    (shown,) = claim(filled)
    spans = sorted({(p["sentence"], p["end"]) for p in shown["pieces"] if p["sentence"] is not None})
    judge(filled, shown, "save-0001", summary=[list(spans[1])], furniture=[list(spans[0])])
    again = filled.get(f"/desk/p/1/story/{shown['story']}").json()
    assert again["summary"] == [spans[1][0]]
    assert [p["furniture"] for p in again["pieces"] if p["sentence"] == spans[0][0]] == ["other"]
    (row,) = [json.loads(line) for line in filled.get("/v1/desk/export?project=news&what=editors").text.splitlines()]
    assert row["annotations"] == [{"key": [2], "also": [], "furniture": [1], "dangling": []}]
    assert next(row["text"][start:end] for start, end in row["spans"]) == STORY.partition(". ")[0] + "."


def test_two_who_differ_are_settled_by_an_editor(client: TestClient, sign_in: SignIn, desk: Desk) -> None:
    post_form(client, "/desk/p/1/settings", name="news", guideline="Read twice.", double_share="100")
    hand_in(client, ("stories.jsonl", stories(6)))
    wait_until_read(desk, 6)
    ann, ben = sign_in("ann"), sign_in("ben")
    seen: dict[int, list[str]] = {}
    for browser, verdict in ((ann, "yes"), (ben, "no")):
        while found := claim(browser):
            seen.setdefault(found[0]["story"], []).append(verdict)
            judge(browser, found[0], f"{verdict}-{found[0]['story']:06}", trade=verdict)
    disputed = [story for story, verdicts in seen.items() if len(verdicts) == 2]
    assert disputed
    assert post_json(ann, "/desk/p/1/claim", {"lane": "adjudicate"}).status_code == 403
    (shown,) = claim(client, "adjudicate")
    assert shown["note"] == "People differ on trade."
    assert next(label["others"] for label in shown["labels"] if label["name"] == "trade") == ["ann: yes", "ben: no"]
    judge(client, shown, "decided-1", "adjudicate", trade="yes")
    with desk.database.read() as session:
        standing = desk.ledger.standing(session, 1)
        assert standing.settled[shown["story"], shown["labels"][0]["id"]] == "yes"
        assert len(standing.disputed) == len(disputed) - 1


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"verdicts": {"999": "yes"}}, 409, "a label was removed meanwhile"),
        ({"verdicts": {}}, 409, "a label was removed meanwhile"),
        ({"story": 999}, 409, "the item is of another story"),
        ({"item": 999}, 404, "not in the queue any more"),
        ({"item": None, "story": 999}, 404, "story 999 is not here any more"),
        ({"verdicts": {"1": "maybe"}}, 422, "verdicts"),
        ({"save_id": "no"}, 422, "save_id"),
        ({"lane": "other"}, 404, "no lane 'other'"),
    ],
)
def test_a_save_that_does_not_fit_is_named_and_keeps_nothing(
    filled: TestClient, desk: Desk, change: dict[str, Any], status: int, words: str
) -> None:
    (shown,) = claim(filled)
    body = {"save_id": "save-0001", "item": shown["item"], "story": shown["story"], "verdicts": {"1": "yes"}}
    answer = post_json(filled, "/desk/p/1/save", body | change)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    with desk.database.read() as session:
        assert desk.ledger.standing(session, 1).stories == {}


def test_an_erased_story_is_gone_from_everywhere(filled: TestClient, desk: Desk) -> None:
    (shown,) = claim(filled)
    judge(filled, shown, "save-0001", trade="yes")
    post_form(filled, f"/desk/p/1/stories/{shown['story']}/erase")
    assert filled.get(f"/desk/p/1/stories/{shown['story']}").status_code == 404
    assert filled.get("/v1/desk/export?project=news").text == ""
    with desk.database.read() as session:
        assert desk.ledger.standing(session, 1).stories == {}


def test_a_database_that_is_gone_is_said_on_the_page_and_to_the_script(
    filled: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(filled)
    lost = Database("postgresql://me:secret@127.0.0.1:1/desk?connect_timeout=1")
    monkeypatch.setattr(desk, "database", lost)
    page = filled.get("/desk/p/1")
    assert page.status_code == 503
    assert "it does not answer; what was acknowledged is kept" in page.text
    assert "secret" not in page.text
    headers = {"X-CSRF-Token": token, "Accept": "application/json"}
    answer = filled.post("/desk/p/1/claim", json={}, headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_topic_is_asked_alone_until_its_head_suggests(filled: TestClient) -> None:
    post_form(filled, "/desk/p/1/labels", name="metal", description="Stories about steel and other metals.")
    label = 5
    asked = claim(filled, f"topic:{label}")[0]["labels"]
    assert [(one["name"], one["score"], one["verdict"]) for one in asked] == [("metal", None, "no")]
    for n in range(9):
        (shown,) = claim(filled, f"topic:{label}")
        judge(filled, shown, f"topic-{n:04}", f"topic:{label}", metal="no" if n == 8 else "yes")
    (shown,) = claim(filled)
    metal = next(one for one in shown["labels"] if one["name"] == "metal")
    assert metal["is_provisional"]
    assert 0 < metal["score"] < 1


def test_programs_hand_in_with_a_key_or_as_everybody_may(client: TestClient, desk: Desk) -> None:
    body = {"project": "news", "stories": [{"text": STORY, "title": "One"}, {"html": PAGE}, {"text": STORY}]}
    answer = client.post("/v1/desk/stories", json=body).json()
    assert (answer["new"], answer["known"], len(answer["ids"])) == (2, 1, 3)
    wait_until_read(desk, 2)
    json_ = {"Accept": "application/json"}
    missing = client.post("/v1/desk/stories", json=body | {"project": "other"}, headers=json_)
    assert (missing.status_code, missing.json()["detail"]) == (404, "no project 'other'; there are 'news'")
    empty = client.post("/v1/desk/stories", json={"project": "news", "stories": [{"text": " "}]}, headers=json_)
    assert empty.status_code == 422
    assert client.post("/v1/desk/train", json={"project": "news"}, headers=json_).status_code == 403


def test_the_start_page_shows_what_was_done(filled: TestClient) -> None:
    for n in range(10):
        (shown,) = claim(filled)
        judge(filled, shown, f"save-{n:04}", trade="yes")
    page = filled.get("/desk/p/1").text
    assert '<dd id="n-stories">12</dd>' in page
    assert '<dd id="n-judged">10</dd>' in page
    assert "today: 10" in page


def test_an_editor_downloads_what_was_judged_and_an_annotator_does_not(filled: TestClient, sign_in: SignIn) -> None:
    (shown,) = claim(filled)
    judge(filled, shown, "save-0001", trade="yes")
    answer = filled.get("/desk/p/1/export")
    assert "news-labels.jsonl" in answer.headers["content-disposition"]
    assert json.loads(answer.text)["labels"] == ["trade"]
    assert sign_in("ann").get("/desk/p/1/export").status_code == 403


def test_programs_of_other_machines_need_a_key(tmp_path: Path, analyzer: Analyzer) -> None:
    key = hashlib.sha256(b"key").hexdigest()
    for keys, sent, status in (((), {}, 403), ((key,), {}, 401), ((key,), {"Authorization": "Bearer key"}, 200)):
        settings = Settings(host="0.0.0.0", api_keys=keys, models_dir=tmp_path, desk_dir=tmp_path / "desk")
        app = make_app(settings, lambda: analyzer)
        add_desk(app, open_desk(settings))
        with TestClient(app, headers=sent) as client:
            assert client.get("/v1/desk/export?project=news").status_code == status
            assert client.get("/desk/login").status_code == 200


def test_a_share_of_what_the_endpoint_is_asked_is_taken_in(tmp_path: Path, analyzer: Analyzer) -> None:
    settings = Settings(models_dir=tmp_path, desk_dir=tmp_path / "desk", desk_sample=0.5)
    desk = open_desk(settings)
    app = make_app(settings, lambda: analyzer)
    add_desk(app, desk)
    with TestClient(app) as client:
        for n in range(10):
            texts = [{"text": f"{STORY} It was day {n} of {i}."} for i in range(4)]
            client.post("/v1/analyze", json={"documents": texts}).raise_for_status()
        time.sleep(0.5)
        with desk.database.read() as session:
            n_taken = count_stories(session, 1)
            stories = list_stories(session, 1, None, 100)
    assert 8 < n_taken < 32
    assert {story.source for story in stories} == {"endpoint"}

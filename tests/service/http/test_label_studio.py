"""The ML backend, asked as Label Studio's connector asks (label_studio/ml/api_connector.py, 1.23)."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import LABELS, STORY

CHOICES = "".join(f'<Choice value="{label.title()}"/>' for label in LABELS)
CONFIG = (
    '<View><Text name="news" value="$article"/><Choices name="mood" toName="news"><Choice value="Good"/></Choices>'
    f'<Choices name="topic" toName="news" choice="multiple">{CHOICES}</Choices></View>'
)


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(max_documents=2), lambda: analyzer)) as client:
        yield client


def predict(client: TestClient, *texts: object, config: str = CONFIG, key: str = "article") -> Any:  # Any: JSON
    tasks = [{"id": i, "data": {key: text, "source": "x"}, "meta": {}} for i, text in enumerate(texts)]
    params = {"login": None, "password": None, "context": None}
    body = {"tasks": tasks, "project": "1.1700000000", "label_config": config, "params": params}
    return client.post("/labelstudio/predict", json=body)


def test_the_backend_is_connected_to_as_label_studio_does(client: TestClient, analyzer: Analyzer) -> None:
    assert client.get("/labelstudio/health").json() == {"status": "UP", "model_class": "copydesk"}
    secret = {"hostname": "http://localhost:8080", "access_token": "t", "extra_params": None}
    answer = client.post("/labelstudio/setup", json={"project": "1.1", "schema": CONFIG, **secret})
    assert answer.json() == {"model_version": f"tiny {analyzer.bundle.digest[:12]}"}


def test_each_task_gets_the_labels_that_its_text_deserves(client: TestClient, analyzer: Analyzer) -> None:
    texts = [STORY, "Police found heroin in a lorry.", "It will rain on Sunday."]
    results = predict(client, *texts).json()["results"]
    assert len(results) == len(texts)
    n_assigned = 0
    for text, result in zip(texts, results, strict=True):
        tags = analyzer.analyze(Document(text), Options(stories="whole")).story.tags
        assigned = {tag.label.title() for tag in tags if tag.assigned}
        n_assigned += len(assigned)
        shown = result["result"]
        assert {name for one in shown for name in one["value"]["choices"]} == assigned
        assert all((one["from_name"], one["to_name"], one["type"]) == ("topic", "news", "choices") for one in shown)
        assert result["score"] == pytest.approx(min(max(tag.score, 1 - tag.score) for tag in tags), abs=1e-3)
    assert n_assigned


def test_where_one_may_be_chosen_it_is_the_best(client: TestClient, analyzer: Analyzer) -> None:
    single = CONFIG.replace(' choice="multiple"', "")
    best = max(analyzer.analyze(Document(STORY), Options(stories="whole")).story.tags, key=lambda tag: tag.score)
    (result,) = predict(client, STORY, config=single).json()["results"]
    assert [one["value"]["choices"] for one in result["result"]] == [[best.label.title()]] * best.assigned


def test_hypertext_is_read_as_html(client: TestClient) -> None:
    config = CONFIG.replace("<Text ", "<HyperText ").replace("$article", "$page")
    (result,) = predict(client, f"<html><body><p>{STORY}</p></body></html>", config=config, key="page").json()[
        "results"
    ]
    assert result["score"] > 0


def test_a_text_that_cannot_be_analysed_has_no_labels_and_fails_no_other(client: TestClient) -> None:
    bad, good = predict(client, "12 34", STORY).json()["results"]
    assert (bad["result"], bad["score"]) == ([], 0.0)
    assert good["score"] > 0


@pytest.mark.parametrize(
    ("config", "key", "detail"),
    [
        (CONFIG, "text", "tasks[0].data.article: expected a text of at most"),
        ("<View>", "article", "label_config: not XML at line 1; give the project <Text>"),
        ("<View/>", "article", "label_config: no question that the model answers (no choices)"),
        (
            CONFIG.replace(CHOICES, '<Choice value="Sport"/>'),
            "article",
            "(its choices are Good, Sport; the model's labels trade, security, taiwan, drugs)",
        ),
        (f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///x">]>{CONFIG[:-7]}&x;</View>', "x", "tasks[0].data.article"),
    ],
)  # fmt: skip
def test_a_project_that_the_model_cannot_answer_is_told_why(
    client: TestClient, config: str, key: str, detail: str
) -> None:
    answer = predict(client, STORY, config=config, key=key)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert detail in answer.json()["detail"]


def test_events_are_taken_and_training_is_begun_elsewhere(client: TestClient) -> None:
    event = {"action": "ANNOTATION_CREATED", "annotation": {"id": 1}, "project": {"id": 1}}
    assert client.post("/labelstudio/webhook", json=event).json() == {"status": "ok"}
    refused = client.post("/labelstudio/webhook", json={"action": "START_TRAINING", "project": {"id": 1}})
    assert (refused.status_code, refused.json()["title"]) == (409, "Conflict")

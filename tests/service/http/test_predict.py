import math
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from huggingface_hub import InferenceClient

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.served import serve_app
from support.tiny import LABELS, STORY


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        yield client


def predict(client: TestClient, **body: Any) -> Any:
    response = client.post("/predict", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_string_gets_one_list_of_labels_best_first(client: TestClient, analyzer: Analyzer) -> None:
    answer = predict(client, inputs=STORY, truncate=True, raw_scores=False, truncation_direction="Right")
    assert {prediction["label"] for prediction in answer} == set(LABELS)
    assert [prediction["score"] for prediction in answer] == sorted((p["score"] for p in answer), reverse=True)
    tags = {tag.label: tag.score for tag in analyzer.analyze(Document(STORY), Options(stories="whole")).story.tags}
    for prediction in answer:
        assert prediction["score"] == pytest.approx(tags[prediction["label"]], abs=1e-3)  # bf16


def test_scores_are_sigmoids_of_the_raw_ones_and_need_not_add_up_to_one(client: TestClient) -> None:
    scores = {p["label"]: p["score"] for p in predict(client, inputs=STORY)}
    raw = {p["label"]: p["score"] for p in predict(client, inputs=STORY, raw_scores=True)}
    for label, score in scores.items():
        assert score == pytest.approx(1 / (1 + math.exp(-raw[label])), abs=1e-3)  # bf16
    assert sum(scores.values()) != pytest.approx(1, abs=0.01)


def test_hugging_faces_client_gets_what_it_asks_for(analyzer: Analyzer) -> None:
    with serve_app(make_app(Settings(), lambda: analyzer)) as address:
        client = InferenceClient(f"{address}/predict")
        every = {p.label: p.score for p in client.text_classification(STORY)}
        best = client.text_classification(STORY, top_k=2)
        raw = client.text_classification(STORY, function_to_apply="none")
        together = client.text_classification(STORY, function_to_apply="softmax")
    assert list(every) == sorted(LABELS, key=lambda label: -every[label])
    assert [(p.label, p.score) for p in best] == list(every.items())[:2]
    assert [1 / (1 + math.exp(-p.score)) for p in raw] == pytest.approx(list(every.values()), abs=1e-9)
    shares = [math.exp(p.score) for p in raw]
    assert [p.score for p in together] == pytest.approx([share / sum(shares) for share in shares], abs=1e-9)


def test_with_parameters_a_string_gets_a_list_of_lists_and_a_batch_the_same(client: TestClient) -> None:
    single = predict(client, inputs=STORY)
    assert predict(client, inputs=STORY, parameters={}) == [single]
    parameters = {"top_k": 1, "truncation": True, "padding": "longest"}
    assert predict(client, inputs=[STORY, STORY], parameters=parameters) == [single[:1]] * 2


def test_a_list_gets_a_list_for_each_text(client: TestClient) -> None:
    single = predict(client, inputs=STORY)
    for inputs in ([STORY, "Rain fell on the army."], [[STORY], ["Rain fell", "on the army."]]):
        first, second = predict(client, inputs=inputs)
        assert [p["label"] for p in first] == [p["label"] for p in single]
        assert len(second) == len(LABELS)


def test_the_whole_text_is_read_not_its_first_512_tokens(client: TestClient) -> None:
    text = "It will rain on Sunday. " * 200
    assert predict(client, inputs=text) != predict(client, inputs=text + "Police found heroin in a lorry. " * 20)


@pytest.mark.parametrize(
    ("inputs", "detail"),
    [
        ("", "inputs[0]: the text is empty"),
        ([STORY, " "], "inputs[1]: the text is empty"),
        ([], "inputs: at least one text"),
        ({"a": 1}, "inputs: expected a text, a list of texts"),
        ([["a", "b", "c"]], "at most 2 items"),
        (5, "inputs: expected a text, a list of texts"),
        (["a"] * 65, "65 documents, the limit is 64"),
    ],
)
def test_what_cannot_be_predicted_is_a_problem(client: TestClient, inputs: Any, detail: str) -> None:
    response = client.post("/predict", json={"inputs": inputs})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert detail in response.text

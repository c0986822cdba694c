import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analysis import Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.files.rows import Position
from copydesk.model.files.sources import find_source
from copydesk.service.answers import to_answer
from copydesk.service.bulk.job import Job, open_parts, run_bulk
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import LABELS, STORY

CANARY = "Xyzzyfruit"


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    settings = Settings(max_documents=8, max_body_bytes=3_000_000, request_timeout_s=600)
    app = make_app(settings, lambda: analyzer)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def post(client: TestClient, body: Any) -> Any:
    response = client.post("/v1/analyze", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_an_answer_has_the_shape_of_the_contract(client: TestClient) -> None:
    answer = post(client, {"documents": [{"id": "a1", "title": "Steel", "text": STORY}]})
    assert set(answer) == {"model", "results"}
    assert set(answer["model"]) == {"name", "digest"}
    (result,) = answer["results"]
    parts = {"tags", "summary", "story", "other_stories", "furniture", "page", "language", "coverage"}
    assert set(result) == {"id", *parts}
    assert result["page"]["kind"] == "article"
    assert [tag["label"] for tag in result["tags"]] == list(LABELS)
    assert all(set(tag) == {"label", "score", "assigned", "threshold", "evidence"} for tag in result["tags"])
    assert set(result["summary"]["sentences"][0]) == {"text", "start", "end", "score", "rank"}
    assert set(result["coverage"]) == {"characters", "tokens", "windows", "truncated"}
    assert result["story"]["title"] == "Steel"


def test_http_library_and_batch_give_the_same_answer(
    client: TestClient, analyzer: Analyzer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bulk")
    documents = [{"id": str(n), "text": f"{STORY} The goal fell in minute {n}."} for n in range(3)]
    (folder / "in.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
    job = Job(find_source(str(folder / "in.jsonl")), folder / "out.jsonl")
    list(run_bulk(analyzer, job, open_parts(job, analyzer.bundle, resume=False), Position()))
    batch = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    http = post(client, {"documents": documents})["results"]
    library = [to_answer(analyzer.analyze(Document(d["text"], id=d["id"]))) for d in documents]
    for one, other, third in zip(http, library, batch, strict=True):
        assert _close(one, other)
        assert _close(one, third)


def _close(one: Any, other: Any) -> bool:
    """Equal but for the last digits of numbers."""
    if isinstance(one, float):
        return bool(abs(one - other) <= 1e-3)  # bf16 products may round by the batch's shape
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_close, one, other))
    return bool(one == other)


@pytest.mark.parametrize(("unit", "encoding"), [("utf16", "utf-16-le"), ("utf8", "utf-8")])
def test_offsets_count_in_the_unit_asked_for(client: TestClient, unit: str, encoding: str) -> None:
    text = "Zürich 😀 talks began. The 台灣 team won the match. Rain fell on the army."
    answer = post(client, {"documents": [{"text": text}], "offsets": unit, "include": ["sentences"]})
    width = 2 if unit == "utf16" else 1
    encoded = text.encode(encoding)
    for sentence in answer["results"][0]["sentences"]:
        assert encoded[sentence["start"] * width : sentence["end"] * width].decode(encoding) == sentence["text"]


def test_html_is_read_as_the_text_that_comes_back(client: TestClient) -> None:
    paragraphs = "".join(f"<p>{sentence}.</p>" for sentence in STORY.replace("!", ".").split(". ") * 3)
    page = f"<html><body><nav><a href=/>Home</a></nav><article><h1>Steel</h1>{paragraphs}</article></body></html>"
    (result,) = post(client, {"documents": [{"html": page}], "include": ["summary", "text"]})["results"]
    assert "Police found heroin" in result["text"]
    assert "<p>" not in result["text"]
    for sentence in result["summary"]["sentences"]:
        assert result["text"][sentence["start"] : sentence["end"]] == sentence["text"]


@pytest.mark.parametrize(("unit", "encoding", "width"), [("utf16", "utf-16-le", 2), ("utf8", "utf-8", 1)])
def test_offsets_of_html_count_in_the_extracted_text(client: TestClient, unit: str, encoding: str, width: int) -> None:
    page = f"<article><p>Größere 😀 Kräne sind nötig, sagt Ingrid Solheim. {STORY}</p><p>{STORY}</p></article>"
    body = {"documents": [{"html": page}], "include": ["sentences", "text"], "offsets": unit}
    (result,) = post(client, body)["results"]
    encoded = result["text"].encode(encoding)
    assert len(result["sentences"]) > 5
    for sentence in result["sentences"]:
        assert encoded[sentence["start"] * width : sentence["end"] * width].decode(encoding) == sentence["text"]


def test_include_chooses_the_parts(client: TestClient) -> None:
    (result,) = post(client, {"documents": [{"text": STORY}], "include": ["summary", "text"]})["results"]
    assert set(result) == {"summary", "text", "story", "other_stories", "page", "language", "coverage"}
    assert result["text"] == STORY


def test_one_bad_document_does_not_fail_its_neighbours(client: TestClient) -> None:
    bad, good = post(client, {"documents": [{"id": "x", "text": " "}, {"text": STORY}]})["results"]
    assert bad == {
        "id": "x",
        "error": {"code": "empty_text", "message": "the text is empty; send at least one sentence"},
    }
    assert "tags" in good


BAD_BODIES: list[tuple[str, str, int]] = [
    ('{"documents": [{"text": ""}]}', "documents[0]: the text is empty", 422),
    ('{"documents": [{"text": " \\n "}]}', "documents[0]: the text is empty", 422),
    ('{"documents": [{"text": "12 34"}]}', "no letters", 422),
    ('{"documents": [{"text": 5}]}', "documents[0].text", 422),
    ('{"documents": [{"text": null}]}', "exactly one of text and html", 422),
    ('{"documents": [{"text": "CANARY", "html": "CANARY"}]}', "exactly one of text and html", 422),
    ('{"documents": {"text": "CANARY"}}', "documents: Input should be a valid list", 422),
    ('{"documents": [{"text": "CANARY", "titel": "CANARY"}]}', "documents[0].titel: unknown field", 422),
    ('{"documents": []}', "documents: List should have at least 1 item", 422),
    (json.dumps({"documents": [{"text": "CANARY a"}] * 9}), "9 documents, the limit is 8", 422),
    ('{"documents": [{"text": "CANARY \\ud800"}]}', "documents[0]: text holds U+D800", 422),
    ('{"documents": [{"text": "CANARY \\u0000"}]}', "U+0000", 422),
    ('{"documents": [{"text": "CANARY"}], "summary": {"ratio": NaN}}', "NaN", 422),
    ('{"documents": [{"text": "CANARY"}], "summary": {"sentences": 0}}', "summary.sentences", 422),
    ('{"documents": [{"text": "CANARY"}], "summary": {"sentences": 1, "ratio": 0.5}}', "at most one", 422),
    ('{"documents": [{"text": "CANARY"}], "summary": {"focus": "sport"}}', "'sport' is not among the labels", 422),
    ('{"documents": [{"text": "CANARY", "text": "CANARY b"}]}', "key 'text' stands twice", 422),
    ('{"documents": [{"text": "CANARY"', "not JSON", 422),
    (json.dumps({"documents": [{"text": "x" * 1_000_000}]}), "no word of the text is known", 422),
    (json.dumps({"documents": [{"text": "Go. " * 100_000}]}), "the limit is 100000", 422),
    (json.dumps({"documents": [{"text": "CANARY " * 600_000}]}), "the limit is 3000000 bytes", 413),
    ("[" * 9_000, "not JSON", 422),
    ("[" * 100_000, "more than 10000 values", 422),
    ("", "the body is empty", 422),
    ('["CANARY"]', "body: expected an object", 422),
    ('"CANARY"', "body: expected an object", 422),
]


@pytest.mark.parametrize(("body", "expected", "status"), BAD_BODIES)
def test_bad_input_gets_a_problem_that_never_echoes_the_text(
    client: TestClient, body: str, expected: str, status: int
) -> None:
    content = body.replace("CANARY", CANARY)
    response = client.post("/v1/analyze", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert expected in problem["detail"]
    assert CANARY not in response.text


def test_an_unknown_path_is_a_problem_too(client: TestClient) -> None:
    response = client.get("/v2/analyze")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_the_model_describes_itself(client: TestClient, analyzer: Analyzer) -> None:
    model = client.get("/v1/model").json()
    assert model["digest"] == analyzer.bundle.digest
    assert [label["label"] for label in model["labels"]] == list(LABELS)
    assert model["limits"]["max_documents"] == 8


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/docs", "/openapi.json"])
def test_operators_pages_answer(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_docs_page_loads_nothing_from_other_hosts(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    assert client.get("/swagger/swagger-ui-bundle.js").status_code == 200

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import LABELS, STORY


def read_numbers(client: TestClient) -> dict[tuple[str, ...], float]:
    """Each sample's value by its name and label values."""
    text = client.get("/metrics").text
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_what_happens_is_counted(analyzer: Analyzer) -> None:
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        answer = client.post("/v1/analyze", json={"documents": [{"text": STORY}, {"text": ""}]}).json()
        client.post("/v1/analyze", json={"documents": [{"text": ""}]})
        client.get("/no/such/route")
        numbers = read_numbers(client)
    coverage = answer["results"][0]["coverage"]
    assert numbers["copydesk_request_seconds_count", "/v1/analyze", "200"] == 1
    assert numbers["copydesk_refusals_total", "invalid"] == 1
    assert numbers["copydesk_request_seconds_count", "none", "404"] == 1
    assert numbers["copydesk_document_errors_total", "empty_text"] == 2
    assert numbers["copydesk_analyses_total",] == 1
    assert numbers["copydesk_text_windows_sum",] == coverage["windows"]
    assert numbers["copydesk_pass_tokens_sum",] == coverage["tokens"]
    assert numbers["copydesk_queue_wait_seconds_count",] == 1
    assert (numbers["copydesk_queue_tokens",], numbers["copydesk_queue_texts",]) == (0, 0)
    assert numbers["copydesk_tokens_per_second",] > 0
    assigned = {tag["label"] for tag in answer["results"][0]["tags"] if tag["assigned"]}
    assert {label for label in LABELS if numbers["copydesk_assigned_total", label]} == assigned


def test_two_apps_in_one_process_count_for_themselves(analyzer: Analyzer) -> None:
    with (
        TestClient(make_app(Settings(), lambda: analyzer)) as one,
        TestClient(make_app(Settings(), lambda: analyzer)) as two,
    ):
        one.post("/v1/analyze", json={"documents": [{"text": STORY}]})
        assert read_numbers(one)["copydesk_analyses_total",] == 1
        assert read_numbers(two)["copydesk_analyses_total",] == 0

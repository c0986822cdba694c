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
    assert numbers["copydesk_request_duration_seconds_count", "/v1/analyze", "200"] == 1
    assert numbers["copydesk_refusals_total", "invalid"] == 1
    assert numbers["copydesk_request_duration_seconds_count", "none", "404"] == 1
    assert numbers["copydesk_document_errors_total", "empty_text"] == 2
    assert numbers["copydesk_analyses_total",] == 1
    assert numbers["copydesk_text_windows_sum",] == coverage["windows"]
    assert numbers["copydesk_pass_tokens_sum",] == coverage["tokens"]
    assert numbers["copydesk_queue_wait_seconds_count",] == 1
    waiting = [numbers[f"copydesk_queue_{unit}",] for unit in ("tokens", "seconds", "texts")]
    assert waiting == [0, 0, 0]
    assert numbers["copydesk_tokens_per_second",] > 0
    assigned = {tag["label"] for tag in answer["results"][0]["tags"] if tag["assigned"]}
    assert {label for label in LABELS if numbers["copydesk_labels_assigned_total", label]} == assigned


def test_what_is_known_beforehand_begins_at_zero(analyzer: Analyzer) -> None:
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        numbers = read_numbers(client)
    assert numbers["copydesk_refusals_total", "error"] == 0
    assert numbers["copydesk_swaps_total", "refused"] == 0
    assert [numbers["copydesk_labels_assigned_total", label] for label in LABELS] == [0] * len(LABELS)
    assert [value for (name, *_), value in numbers.items() if name == "copydesk_build_info"] == [1]


def test_a_service_that_ends_says_that_it_is_not_ready(analyzer: Analyzer) -> None:
    app = make_app(Settings(), lambda: analyzer)
    with TestClient(app) as client:
        ready = read_numbers(client)["copydesk_ready",]
        app.state.is_draining = True
        assert (ready, read_numbers(client)["copydesk_ready",]) == (1, 0)


def test_seconds_that_wait_are_tokens_by_the_measured_rate(analyzer: Analyzer) -> None:
    app = make_app(Settings(), lambda: analyzer)
    with TestClient(app) as client:
        app.state.scheduler.admission.rate = 500.0
        app.state.scheduler.admission.n_tokens = 1_500
        assert read_numbers(client)["copydesk_queue_seconds",] == 3.0
        app.state.scheduler.admission.n_tokens = 0


def test_two_apps_in_one_process_count_for_themselves(analyzer: Analyzer) -> None:
    with (
        TestClient(make_app(Settings(), lambda: analyzer)) as one,
        TestClient(make_app(Settings(), lambda: analyzer)) as two,
    ):
        one.post("/v1/analyze", json={"documents": [{"text": STORY}]})
        assert read_numbers(one)["copydesk_analyses_total",] == 1
        assert read_numbers(two)["copydesk_analyses_total",] == 0

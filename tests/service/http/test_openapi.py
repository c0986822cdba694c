from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.generated import send_generated


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(max_documents=8), lambda: analyzer), raise_server_exceptions=False) as client:
        yield client


def test_no_generated_request_breaks_the_service_or_its_schema(client: TestClient) -> None:
    statuses = send_generated(client.app, 80)
    assert set(statuses) >= {200, 422}


def test_everything_that_is_sent_is_bounded(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    n_checked = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            sent = [parameter["schema"] for parameter in operation.get("parameters", [])]
            sent += [c["schema"] for c in operation.get("requestBody", {}).get("content", {}).values()]
            for part in sent:
                for node in _walk(part, document["components"]["schemas"]):
                    _assert_bounded(node, path)
                    n_checked += 1
    assert n_checked > 20


def test_the_names_by_which_generated_clients_call_a_route_stay(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    names = {f"{method} {path}": routes[method]["operationId"] for path, routes in paths.items() for method in routes}
    assert names == {
        "post /v1/analyze": "analyze",
        "post /predict": "predict",
        "get /v1/model": "describe_model",
        "post /v1/model/reload": "reload_model",
        "get /livez": "livez",
        "get /readyz": "readyz",
        "get /metrics": "metrics",
    }


def _walk(node: dict[str, Any], components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema and every schema in it, references followed."""
    if "$ref" in node:
        node = components[node["$ref"].rpartition("/")[2]]
    yield node
    children = [*node.get("properties", {}).values(), *node.get("anyOf", []), *node.get("oneOf", [])]
    children += [node[key] for key in ("items", "additionalProperties") if isinstance(node.get(key), dict)]
    for child in children:
        yield from _walk(child, components)


def _assert_bounded(node: dict[str, Any], path: str) -> None:
    kind = node.get("type")
    if kind == "string" and "enum" not in node and "const" not in node:
        assert "maxLength" in node, (path, node)
    if kind == "array":
        assert "maxItems" in node, (path, node)
    if kind in ("integer", "number"):
        assert {"minimum", "exclusiveMinimum"} & set(node), (path, node)
        assert {"maximum", "exclusiveMaximum"} & set(node), (path, node)

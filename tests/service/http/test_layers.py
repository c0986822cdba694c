"""What stands around every route: hosts, proxies, HEAD, rules for browsers, and answers that name the remedy."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError
from copydesk.service.http.app import make_app
from copydesk.service.http.server import make_config
from copydesk.service.settings import Settings, read_settings

GET_PATHS = ("/", "/docs", "/openapi.json", "/static/page.css", "/livez", "/readyz", "/v1/model", "/metrics")


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        yield client


@pytest.mark.parametrize("path", GET_PATHS)
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    if path != "/metrics":  # it counts the request itself
        assert head.headers["content-length"] == got.headers["content-length"]


def test_head_is_counted_by_its_route(client: TestClient) -> None:
    assert client.head("/v1/model").status_code == 200
    assert 'copydesk_request_duration_seconds_count{route="/v1/model",status="200"}' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/analyze", "POST"),
        ("PUT", "/predict", "POST"),
        ("POST", "/v1/model", "GET, HEAD"),
        ("DELETE", "/livez", "GET, HEAD"),
        ("POST", "/static/page.css", "GET, HEAD"),
    ],
)
def test_a_wrong_method_says_which_to_send(client: TestClient, method: str, path: str, allow: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == f"this path takes no {method}; send {allow}"


@pytest.mark.parametrize(
    ("bind", "host", "status"),
    [
        ("127.0.0.1", "localhost", 200),
        ("127.0.0.1", "LocalHost:8000", 200),
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.1", "[::1]:8000", 200),
        ("127.0.0.1", "desk.example", 200),
        ("127.0.0.1", "desk.example:443", 200),
        ("127.0.0.1", "evil.example", 421),
        ("127.0.0.1", "desk.example.evil.example", 421),
        ("127.0.0.1", "192.168.1.5", 421),
        ("127.0.0.1", "", 421),
        ("192.168.1.5", "192.168.1.5:8000", 200),
        ("192.168.1.5", "192.168.1.6", 421),
        ("0.0.0.0", "192.168.1.5:8000", 200),
        ("::", "[fe80::1]:8000", 200),
        ("0.0.0.0", "evil.example", 421),
    ],
)
def test_only_hosts_of_this_service_are_answered(analyzer: Analyzer, bind: str, host: str, status: int) -> None:
    settings = Settings(host=bind, allowed_hosts=("desk.example",))
    with TestClient(make_app(settings, lambda: analyzer)) as client:
        response = client.get("/v1/model", headers={"Host": host})
        assert response.status_code == status
        assert client.get("/readyz", headers={"Host": host}).status_code == 200
        if status == 421:
            assert "COPYDESK_ALLOWED_HOSTS" in response.json()["detail"]


def test_a_star_allows_every_host(analyzer: Analyzer) -> None:
    with TestClient(make_app(Settings(allowed_hosts=("*",)), lambda: analyzer)) as client:
        assert client.get("/v1/model", headers={"Host": "any.example"}).status_code == 200


def ask_as(app: ASGIApp, address: str, forwarded: str) -> int:
    client = TestClient(app, client=(address, 5000))  # without its lifespan, which the caller holds
    return client.get("/v1/model", headers={"X-Forwarded-For": forwarded}).status_code


def test_a_forged_address_does_not_pass_the_rate_limit(analyzer: Analyzer) -> None:
    settings = Settings(rate_limit=read_settings(rate_limit="2/hour").rate_limit)
    app = make_app(settings, lambda: analyzer)
    config = make_config(app, settings)
    config.load()
    with TestClient(app):
        statuses = [ask_as(config.loaded_app, "127.0.0.1", f"10.0.0.{n}") for n in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_a_proxy_that_the_settings_name_is_believed_about_its_clients_alone(analyzer: Analyzer) -> None:
    settings = Settings(
        rate_limit=read_settings(rate_limit="1/hour").rate_limit, trusted_proxies=("10.1.0.0/16", "127.0.0.1")
    )
    app = make_app(settings, lambda: analyzer)
    config = make_config(app, settings)
    config.load()
    with TestClient(app):
        by_proxy = [ask_as(config.loaded_app, "10.1.2.3", forwarded) for forwarded in ("9.9.9.1", "9.9.9.2", "9.9.9.1")]
        # what a client wrote itself stands to the left of what the proxy added
        forged = [ask_as(config.loaded_app, "10.1.2.3", f"6.6.6.{n}, 9.9.9.3") for n in range(2)]
        others = [ask_as(config.loaded_app, "10.2.0.1", f"7.7.7.{n}") for n in range(2)]
    assert (by_proxy, forged, others) == ([200, 200, 429], [200, 429], [200, 429])


@pytest.mark.parametrize("value", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8"])
def test_a_proxy_that_is_no_address_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COPYDESK_TRUSTED_PROXIES", value)
    with pytest.raises(ConfigError, match="COPYDESK_TRUSTED_PROXIES: "):
        read_settings()


def test_more_documents_than_any_request_may_hold_are_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_MAX_DOCUMENTS", "1001")
    with pytest.raises(ConfigError, match=r"COPYDESK_MAX_DOCUMENTS: .* 1000, got '1001'"):
        read_settings()


@pytest.mark.parametrize("path", [*GET_PATHS, "/no/such/path"])
def test_every_answer_has_rules_for_browsers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    rules = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_no_page_has_a_script_or_a_style_in_its_markup(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count(" src=") > 0
    assert " on" not in page.replace(" on ", "")  # no onclick

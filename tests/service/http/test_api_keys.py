import base64
import hashlib
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import BundleError, ConfigError
from copydesk.service.cli.serve import commands
from copydesk.service.http.app import make_app
from copydesk.service.http.layers.api_keys import find_key
from copydesk.service.settings import Settings, read_settings

OLD, NEW = (hashlib.sha256(key.encode()).hexdigest() for key in ("old-key", "new-key"))


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(api_keys=(OLD, NEW)), lambda: analyzer)) as client:
        yield client


OPEN = (
    "/",
    "/docs",
    "/openapi.json",
    "/static/page.js",
    "/static/page.css",
    "/swagger/swagger-ui.css",
    "/livez",
    "/readyz",
)


def test_every_route_but_health_checks_and_pages_needs_a_key(client: TestClient) -> None:
    paths = set(client.get("/openapi.json").json()["paths"])
    assert {"/v1/analyze", "/predict", "/v1/model", "/metrics", "/livez", "/readyz"} <= paths
    for path in (*paths, *OPEN, "/no/such/path", "/static", "/swagger", "/docs/", "/static/../v1/model"):
        response = client.get(path, follow_redirects=False)
        assert (response.status_code == 401) == (path not in OPEN), path
    assert client.post("/v1/analyze", content="not even JSON").status_code == 401


def test_the_api_says_where_a_key_is_wanted(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    (name, scheme), *others = document["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"], others) == ("http", "bearer", [])
    locked = {path for path, operations in document["paths"].items() for o in operations.values() if "security" in o}
    assert locked == {"/v1/analyze", "/predict", "/v1/model", "/v1/model/reload", "/metrics"}
    assert document["paths"]["/predict"]["post"]["security"] == [{name: []}]


def test_without_keys_the_api_wants_one_for_the_reload_alone(analyzer: Analyzer) -> None:
    paths = make_app(Settings(), lambda: analyzer).openapi()["paths"]
    locked = {path for path, operations in paths.items() for o in operations.values() if "security" in o}
    assert locked == {"/v1/model/reload"}


@pytest.mark.parametrize(
    ("header", "is_let_in"),
    [
        ("Basic " + base64.b64encode(b"anybody:new-key").decode(), True),
        ("basic " + base64.b64encode(b":old-key").decode(), True),
        ("Basic " + base64.b64encode(b"new-key:").decode(), False),
        ("Basic new-key", False),
        ("Basic \xe9", False),
        ("Digest new-key", False),
    ],
)
def test_a_key_may_come_as_the_password_of_any_name(header: str, is_let_in: bool) -> None:
    assert (find_key(header, (OLD, NEW)) is not None) == is_let_in


@pytest.mark.parametrize("key", ["old-key", "new-key"])
def test_several_keys_live_side_by_side(client: TestClient, key: str) -> None:
    assert client.get("/v1/model", headers={"Authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic new-key", "new-key", f"Bearer {NEW}"]
)
def test_a_wrong_key_gets_a_problem_that_says_how(client: TestClient, header: str) -> None:
    response = client.get("/v1/model", headers={"Authorization": header} if header else {})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert response.headers["content-type"] == "application/problem+json"
    assert "Authorization: Bearer KEY" in response.json()["detail"]


def test_a_key_of_odd_bytes_is_only_wrong() -> None:
    assert find_key("Bearer \xff\x00\xe9", [OLD]) is None
    assert find_key("bearer  old-key ", [NEW, OLD]) == OLD


def test_digests_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_API_KEYS", f" {OLD.upper()},{NEW}, ")
    assert read_settings().api_keys == (OLD, NEW)


@pytest.mark.parametrize("name", ["COPYDESK_API_KEYS", "COPYDESK_ADMIN_KEYS"])
@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_keys_that_are_set_but_empty_let_nobody_in_by_mistake(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"{name}: set, but empty; unset it"):
        read_settings()


def test_a_key_in_clear_is_refused_and_not_echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_API_KEYS", "hunter2")
    with pytest.raises(ConfigError, match=r"COPYDESK_API_KEYS: .*digests") as caught:
        read_settings()
    assert "hunter2" not in str(caught.value)


def test_a_host_that_others_reach_needs_keys_or_the_word_insecure() -> None:
    result = CliRunner().invoke(commands, ["--host", "0.0.0.0", "--bundle", "no/such/bundle"])
    assert isinstance(result.exception, ConfigError)
    assert "--insecure" in str(result.exception)
    result = CliRunner().invoke(commands, ["--host", "0.0.0.0", "--bundle", "no/such/bundle", "--insecure"])
    assert isinstance(result.exception, BundleError)

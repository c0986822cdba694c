"""Who may do what: accounts, sessions, forms of other sites, guessing, a proxy in front."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from copydesk.model.analyzer import Analyzer
from copydesk.service.desk.desk import Desk, first_link, open_desk
from copydesk.service.desk.site import add_desk
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.desk import PASSWORD, post_form, post_json, token_of

SignIn = Callable[..., TestClient]
PAGES = ("", "/read", "/stories", "/labels", "/versions")


def another(client: TestClient) -> TestClient:
    """A browser in which nobody has signed in."""
    return TestClient(client.app, headers={"Accept": "text/html"})


def test_the_first_link_works_once_and_there_is_none_afterwards(client: TestClient, desk: Desk) -> None:
    assert first_link(desk) is None
    token = desk.signer.sign(1, 0, "link")  # as it was before the password was set
    answer = another(client).get(f"/desk/welcome?token={token}")
    assert answer.status_code == 409
    assert "this link was used already" in answer.text.lower()


@pytest.mark.parametrize("path", ["/desk", "/desk/people", *(f"/desk/p/1{page}" for page in PAGES)])
def test_whoever_has_not_signed_in_is_sent_to_the_form_and_back(client: TestClient, path: str) -> None:
    browser = another(client)
    answer = browser.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/login?next=")
    form = browser.get(answer.headers["location"]).text
    there = re.findall(r'name="next" value="([^"]+)"', form)[0]
    signed = browser.post("/desk/login", data={"name": "admin", "password": PASSWORD, "next": there})
    assert (signed.status_code, signed.url.path) == (200, path)


def test_a_script_without_a_session_gets_a_problem(client: TestClient) -> None:
    answer = another(client).post("/desk/p/1/claim", json={}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/desk//evil", "/desk\\evil"])
def test_signing_in_never_leads_to_another_site(client: TestClient, target: str) -> None:
    data = {"name": "admin", "password": PASSWORD, "next": target}
    answer = another(client).post("/desk/login", data=data, follow_redirects=False)
    assert answer.headers["location"] == "/desk"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient) -> None:
    data = {"name": "admin", "password": PASSWORD, "next": "/desk"}
    cookie = another(client).post("/desk/login", data=data, follow_redirects=False).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/desk" in cookie
    assert "secure" not in cookie
    secure = TestClient(client.app, base_url="https://testserver")
    assert "secure" in secure.post("/desk/login", data=data, follow_redirects=False).headers["set-cookie"].lower()


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_without_its_token_is_refused(client: TestClient, token: str) -> None:
    answer = client.post("/desk/projects", data={"csrf": token, "name": "other"})
    assert answer.status_code == 403
    assert "The page is of another session" in answer.text
    assert client.post("/desk/p/1/claim", json={}, headers={"X-CSRF-Token": token}).status_code == 403


def test_a_page_of_another_site_can_send_nothing(client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    data = {"csrf": token_of(client), "name": "other"}
    assert client.post("/desk/projects", data=data, headers=headers).status_code == 403
    login = {"name": "admin", "password": PASSWORD}
    assert another(client).post("/desk/login", data=login, headers=headers).status_code == 403


def test_a_token_of_one_session_is_none_of_another(client: TestClient, sign_in: SignIn) -> None:
    eve = sign_in("eve", "editor")
    data = {"csrf": token_of(client), "name": "other"}
    assert eve.post("/desk/projects", data=data).status_code == 403


def test_guessing_is_slowed_down_for_the_name(client: TestClient) -> None:
    browser = another(client)
    wrong = [browser.post("/desk/login", data={"name": "admin", "password": f"guess {n}"}) for n in range(6)]
    assert [answer.status_code for answer in wrong] == [401] * 5 + [429]
    right = browser.post("/desk/login", data={"name": "admin", "password": PASSWORD})
    assert right.status_code == 429
    assert "Wait five minutes" in right.text


@pytest.mark.parametrize(("password", "words"), [("short", "10 to 200 characters"), ("aaaaaaaaaaaa", "easily guessed")])
def test_a_weak_password_is_refused(client: TestClient, password: str, words: str) -> None:
    assert words in post_form(client, "/desk/password", old=PASSWORD, password=password).text


def test_a_new_password_ends_the_other_sessions(client: TestClient, sign_in: SignIn) -> None:
    ann = sign_in("ann")
    other = another(client)
    other.post("/desk/login", data={"name": "ann", "password": PASSWORD, "next": "/desk"})
    assert other.get("/desk/p/1").status_code == 200
    post_form(ann, "/desk/password", old=PASSWORD, password="another horse battery")
    assert ann.get("/desk/p/1", follow_redirects=False).status_code == 200
    assert other.get("/desk/p/1", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("reader", 0), ("annotator", 1), ("editor", 2), ("admin", 3)],
)
def test_a_role_may_what_those_below_it_may_and_no_more(
    client: TestClient, sign_in: SignIn, role: str, allowed: int
) -> None:
    browser = sign_in(f"a {role}", role)
    answers = [
        post_json(browser, "/desk/p/1/claim", {}),
        post_form(browser, "/desk/p/1/labels", name="new", description=""),
        post_form(browser, "/desk/people", name="friend", role="reader"),
    ]
    assert [answer.status_code for answer in answers] == [200] * allowed + [403] * (3 - allowed)
    assert browser.get("/desk/p/1").status_code == 200


def test_a_locked_account_is_out_at_once_and_the_last_admin_stays(client: TestClient, sign_in: SignIn) -> None:
    ann = sign_in("ann")
    post_form(client, "/desk/people/2", role="annotator")
    assert ann.get("/desk/p/1", follow_redirects=False).status_code == 303
    refused = post_form(client, "/desk/people/1", role="reader", is_active="yes")
    assert refused.status_code == 409
    assert "Nobody could make accounts any more" in refused.text
    assert client.get("/desk/people").status_code == 200


def test_pages_allow_no_script_but_files_of_this_service(client: TestClient) -> None:
    for path in ("/desk", "/desk/people", "/desk/login", *(f"/desk/p/1{page}" for page in PAGES)):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(
            r"<script(?! type=\"module\" src=\"/desk/static/)|<style|style=|\son\w+=|https?://", page.text
        )


def test_what_was_handed_in_is_shown_as_text(client: TestClient) -> None:
    attack = '<script>alert(1)</script> "quoted" & sent'
    post_form(client, "/desk/p/1/stories", text=attack)
    page = client.get("/desk/p/1/stories").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.fixture
def proxied(tmp_path: Path, analyzer: Analyzer) -> Iterator[TestClient]:
    """A desk behind a proxy that names who has signed in there."""
    settings = Settings(
        models_dir=tmp_path, desk_dir=tmp_path / "desk", desk_user_header="X-Forwarded-User", watch_s=3600
    )
    desk = open_desk(settings)
    app = make_app(settings, lambda: analyzer)
    add_desk(app, desk)
    with TestClient(app, headers={"Accept": "text/html"}) as client:
        yield client


def test_whom_the_proxy_names_has_signed_in(proxied: TestClient) -> None:
    assert proxied.get("/desk/p/1", follow_redirects=False).status_code == 303
    proxied.headers["X-Forwarded-User"] = "ann@example.org"
    page = proxied.get("/desk/p/1")
    assert "ann@example.org" in page.text
    assert post_json(proxied, "/desk/p/1/claim", {}).status_code == 200
    assert proxied.get("/desk/people").status_code == 403

"""The page at /, in a real browser, against a service that wants a key."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.tiny import ROOT, STORY, make_tiny_bundle

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")

KEY = "open sesame"
Page = Any  # playwright may be missing


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    bundle: Path = tmp_path_factory.mktemp("bundle") / "tiny"
    make_tiny_bundle(bundle)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "copydesk", "serve", "--port", str(port), "--bundle", str(bundle)]
    settings = {"PYTHONPATH": str(ROOT), "COPYDESK_API_KEYS": hashlib.sha256(KEY.encode()).hexdigest()}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | settings) as server:
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def page(address: str, browser: Any) -> Iterator[Page]:
    """The page, opened anew. What it says to the console, a broken rule for one, fails the test."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for _ in range(240):
        try:
            page.goto(address)
            break
        except playwright.Error:
            page.wait_for_timeout(250)
    said.clear()
    yield page
    context.close()
    assert [line for line in said if "status of 4" not in line] == []


def ask(page: Page, text: str) -> None:
    page.locator("#access").evaluate("node => { node.open = true; }")
    page.fill("#key", KEY)
    page.fill("#text", text)
    page.click("#send")


def test_a_text_is_shown_with_its_tags_and_its_summary_marked(page: Page, address: str) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.select_option("#sentences", "1")
    ask(page, STORY)
    page.wait_for_selector("mark")
    assert page.locator(".tag").count() == 4
    assert page.locator(".story mark").count() == 1
    assert page.inner_text(".story") == STORY
    assert page.locator("#legend").is_visible()
    assert requests
    assert all(url.startswith(address) or url.startswith("data:") for url in requests)


def test_without_a_key_the_page_asks_for_one(page: Page) -> None:
    page.fill("#text", STORY)
    page.click("#send")
    page.wait_for_selector("#problem:not(:empty)")
    assert page.inner_text("#problem") == "This service wants an API key. Type it in the field above and try again."
    page.keyboard.type(KEY)  # the field has the focus
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("mark")
    assert page.inner_text("#problem") == ""


def test_the_summary_can_be_copied(page: Page) -> None:
    ask(page, STORY)
    page.click("button:text-is('Copy')")
    page.wait_for_selector("button:text-is('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text(".card p")


def test_a_topic_that_is_pressed_shows_and_tells_its_evidence(page: Page) -> None:
    text = "It will rain on Sunday. " * 200 + STORY
    ask(page, text)
    page.wait_for_selector(".tag.assigned")
    first, other = page.locator(".tag.assigned").first, page.locator(".tag:not(.assigned)").first
    first.click()
    assert first.get_attribute("aria-pressed") == "true"
    assert page.locator(".story .evidence").count() > 0
    page.wait_for_function(
        "(() => { const box = document.querySelector('.story .evidence').getBoundingClientRect();"
        "return box.top >= 0 && box.bottom <= innerHeight; })()"
    )
    label = first.locator("span").first.inner_text()
    assert f"for {label}, the strongest: " in page.inner_text("#said")
    other.click()
    assert (first.get_attribute("aria-pressed"), other.get_attribute("aria-pressed")) == ("false", "true")
    assert page.locator(".story .evidence").count() == 0
    assert page.inner_text("#said").endswith("was not assigned.")
    other.click()
    assert other.get_attribute("aria-pressed") == "false"


def test_a_text_is_sent_once_however_often_one_presses(page: Page) -> None:
    sent: list[Any] = []
    page.route("**/v1/analyze", lambda route: sent.append(route))
    ask(page, STORY)
    page.wait_for_selector("#send:disabled")
    for _ in range(3):
        page.keyboard.press("Control+Enter")
    page.evaluate("document.getElementById('form').requestSubmit()")
    page.wait_for_timeout(100)
    assert len(sent) == 1
    sent[0].continue_()
    page.wait_for_selector("mark")
    assert page.locator("#send").is_enabled()


def test_a_page_and_a_title_come_from_a_file_and_a_field(page: Page, tmp_path: Path) -> None:
    paragraphs = "".join(f"<p>{STORY}</p>" for _ in range(3))
    file = tmp_path / "page.html"
    file.write_text(f"<article><h1>Steel</h1>{paragraphs}</article>")
    page.set_input_files("#file", file)
    page.fill("#title", "A title of my own")
    assert page.locator("input[name=kind]:checked").input_value() == "html"
    ask(page, page.input_value("#text"))
    page.wait_for_selector("mark")
    assert page.inner_text("h2") == "A title of my own"
    assert "Police found heroin" in page.inner_text(".story")
    assert "<p>" not in page.inner_text(".story")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12 34", "There are no letters in this text. Paste running text."),
        (" ", "There is no text yet. Paste an article."),
        ("x" * 200, "None of these words is known to the model. Paste running text in its language."),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(page: Page, text: str, words: str) -> None:
    ask(page, text)
    page.wait_for_selector("#problem:not(:empty)")
    assert page.inner_text("#problem") == words


def test_the_api_can_be_tried_at_docs(page: Page, address: str) -> None:
    page.goto(f"{address}/docs")
    page.wait_for_selector(".opblock")
    page.click("text=Authorize")
    page.wait_for_selector("text=bearer")
    assert page.locator(".opblock").count() == 7

"""The desk as people live it, in a real browser: from the first link to a version that serves and is taken back."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.servers import find_port
from copydesk.model.bundles.store import Store
from support.tiny import ROOT, SENTENCES, make_tiny_bundle, write_config

pytest.importorskip("playwright.sync_api")
pytest.importorskip("peft")
pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "correct horse battery"
N_STORIES, N_JUDGED = 60, 30
WORDS = "goal match rain win score army border sent drug police lorry tiles talks days nobody hurt Sunday team".split()  # noqa: SIM905

Page = Any  # of playwright, which may be missing


@dataclass(frozen=True)
class Site:
    """A desk that runs: its address, its first link, its store."""

    url: str
    link: str
    store: Store

    def digest(self) -> str:
        """Of the model that answers."""
        body = json.dumps({"documents": [{"text": SENTENCES["trade"]}]}).encode()
        request = urllib.request.Request(f"{self.url}/v1/analyze", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            digest: str = json.load(answer)["model"]["digest"]
            return digest

    def wait_for(self, digest: str) -> None:
        """Until this version answers."""
        for _ in range(200):
            if self.digest() == digest:
                return
            time.sleep(0.1)
        raise AssertionError(f"{digest[:12]} does not serve")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("desk")
    store = Store(folder / "models")
    digest = make_tiny_bundle(folder / "tiny").digest
    store.add(folder / "tiny")
    store.promote(digest, instead_of=None)
    config = write_config(folder / "smoke.toml", "none.jsonl")
    config.write_text(re.sub(r"^files = .*\n", "", config.read_text(), flags=re.MULTILINE))
    port = find_port()
    command = [sys.executable, "-m", "copydesk", "desk", "--port", str(port), "--store", str(folder / "models")]
    settings = {"COPYDESK_DESK_DIR": str(folder / "desk"), "COPYDESK_DESK_CONFIGS": str(config)}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stderr=log) as server,
    ):
        try:
            yield Site(f"http://127.0.0.1:{port}", _wait_for_link(folder / "log", port), store)
        finally:
            server.terminate()


def _wait_for_link(log: Path, port: int) -> str:
    for _ in range(600):
        if (link := re.search(r"http://\S+/desk/welcome\S+", log.read_text())) and "docs at" in log.read_text():
            return link[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def open_page(browser: Any, said: list[str]) -> Page:
    page = browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    return page


def write_varied(path: Path) -> None:
    """Stories of which each names one of two topics, in words that no other shares."""
    rng = random.Random(5)
    rows = []
    for n in range(N_STORIES):
        topic = "trade" if n % 2 else "drugs"
        rest = " ".join(rng.choices(WORDS, k=30)).capitalize()
        rows.append({"title": f"{topic} {n}", "text": f"{SENTENCES[topic]} {rest}. It was day {n}."})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def begin(page: Page, site: Site, link: str) -> None:
    page.goto(link)
    page.fill("#password", PASSWORD)
    page.click("text=Begin")
    page.wait_for_url(re.compile("/desk(/p/1)?$"))


def judge(page: Page, *, is_contrary: bool = False) -> str:
    """Set the labels of the story that is shown by the keyboard, save, and return its title."""
    title: str = page.inner_text("#title")
    for label in page.query_selector_all(".ask"):
        name, is_yes = label.query_selector(".name").inner_text(), label.get_attribute("aria-pressed") == "true"
        if is_yes != (title.startswith(name) != is_contrary):
            page.keyboard.press(label.query_selector("kbd").inner_text())
    page.keyboard.press("Enter")
    return title


def wait_for_other(page: Page, title: str) -> None:
    page.wait_for_function("title => document.getElementById('title').textContent !== title", arg=title)


def test_the_whole_loop(site: Site, browser: Any, tmp_path: Path) -> None:
    said: list[str] = []
    admin = open_page(browser, said)
    begin(admin, site, site.link)
    before = site.digest()
    hand_in_and_prepare(admin, site, tmp_path)

    titles = judge_thirty(admin, site)
    assert len(set(titles)) == N_JUDGED
    correct_a_summary(admin)

    second = open_page(browser, said)
    begin(second, site, invite(admin, site, "ben"))
    second.goto(f"{site.url}/desk/p/1/read")
    second.wait_for_selector("#screen:not([hidden])")
    for _ in range(3):
        wait_for_other(second, judge(second, is_contrary=True))
    second.wait_for_function("() => document.getElementById('state').textContent === 'Saved, 3 in this session.'")
    adjudicate(admin, site)

    candidate = train(admin, site)
    assert candidate != before
    assert site.digest() == before
    admin.fill("#reason", "Judged by two people.")
    admin.click("text=Promote")
    admin.wait_for_url("**/versions")
    site.wait_for(candidate)
    admin.fill("#reason", "Only to try it.")
    admin.click("button:text('Roll back')")
    admin.wait_for_selector("td:text('rollback')")
    site.wait_for(before)
    events = [(event.action, event.who, event.details.get("reason")) for event in site.store.journal()[-2:]]
    assert events == [("promote", "admin", "Judged by two people."), ("rollback", "admin", "Only to try it.")]
    assert [line for line in said if line.startswith("error") and "status of 4" not in line] == []


def hand_in_and_prepare(page: Page, site: Site, folder: Path) -> None:
    """Sixty stories, two labels, and every second story for two people."""
    for name in ("security", "taiwan"):
        page.goto(f"{site.url}/desk/p/1/labels")
        page.click(f"summary:text('Change {name}')")
        page.click(f"button:text('Remove {name}')")
    page.fill("#double", "50")
    page.click("section:has(#double) button")
    write_varied(folder / "stories.jsonl")
    page.goto(f"{site.url}/desk/p/1/stories")
    page.set_input_files("#files", folder / "stories.jsonl")
    page.click("button:text('Hand in')")
    page.wait_for_selector(f"text={N_STORIES} new stories.")


def judge_thirty(page: Page, site: Site) -> list[str]:
    """Thirty stories by keyboard, one of them undone and judged again."""
    for _ in range(100):
        page.goto(f"{site.url}/desk/p/1/read")
        page.wait_for_selector("#screen:not([hidden]), #done:not([hidden])")
        if page.locator("#screen").is_visible():
            break
        page.wait_for_timeout(100)
    titles: list[str] = []
    while len(titles) < N_JUDGED - 1:
        titles.append(judge(page))
        wait_for_other(page, titles[-1])
    undone = titles.pop()
    page.keyboard.press("u")
    page.wait_for_function("title => document.getElementById('title').textContent === title", arg=undone)
    while len(titles) < N_JUDGED:
        titles.append(judge(page))
        if len(titles) < N_JUDGED:
            wait_for_other(page, titles[-1])
    page.wait_for_function("() => /^Saved/.test(document.getElementById('state').textContent)")
    return titles


def correct_a_summary(page: Page) -> None:
    """Another sentence into the summary, by keyboard alone; it is there when the story is opened again."""
    title = page.inner_text("#title")
    story = page.get_attribute("#screen", "data-story")
    chosen = page.locator("#story .chosen").count()
    page.keyboard.press("ArrowDown")
    was_chosen = page.evaluate("document.activeElement.classList.contains('chosen')")
    page.keyboard.press(" ")
    after = chosen - 1 if was_chosen else chosen + 1
    assert page.locator("#story .chosen").count() == after
    judge(page)
    wait_for_other(page, title)
    page.wait_for_function("() => /^Saved/.test(document.getElementById('state').textContent)")
    page.goto(f"{page.url.partition('/read')[0]}/stories/{story}")
    page.wait_for_selector("#screen:not([hidden])")
    assert page.locator("#story .chosen").count() == after


def invite(page: Page, site: Site, name: str) -> str:
    page.goto(f"{site.url}/desk/people")
    page.fill("#name", name)
    page.click("button:text('Add')")
    link: str = page.input_value("#link")
    return link


def adjudicate(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/desk/p/1")
    page.click("text=/Decide \\d+ disputed/")
    page.wait_for_selector("#screen:not([hidden])")
    assert page.inner_text("#why").startswith("People differ on ")
    assert "ben: " in page.inner_text("#labels")
    while page.locator("#screen").is_visible():
        title = judge(page)
        page.wait_for_function(
            "title => document.getElementById('screen').hidden"
            " || document.getElementById('title').textContent !== title",
            arg=title,
        )
    page.wait_for_selector("#done:not([hidden])")
    page.wait_for_function("() => /^Saved/.test(document.getElementById('state').textContent)")
    page.goto(f"{site.url}/desk/p/1")
    assert page.locator("text=/Decide \\d+ disputed/").count() == 0


def train(page: Page, site: Site) -> str:
    """Train from the browser, watch it end, and return the digest of what it gave."""
    page.goto(f"{site.url}/desk/p/1/versions")
    page.click("button:text('Train')")
    page.wait_for_selector("#progress")
    page.wait_for_selector("#verdict, .problem", timeout=240_000)
    assert page.locator(".problem").count() == 0, page.inner_text("main")
    assert "macro-F1" in page.inner_text("main")
    digest: str = page.get_attribute("#candidate", "title")
    return digest


@pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: npm ci")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_nothing_on_any_screen(site: Site, browser: Any, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site.url}/desk/login")
    assert_accessible(page)
    page.fill("#name", "admin")
    page.fill("#password", PASSWORD)
    page.click("button:text('Sign in')")
    page.wait_for_url(f"{site.url}/desk")
    for path in ("", "/p/1", "/p/1/stories", "/p/1/labels", "/p/1/versions", "/p/1/jobs/1", "/people", "/password"):
        page.goto(f"{site.url}/desk{path}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{site.url}/desk/p/1/read")
    page.wait_for_selector("#screen:not([hidden])")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    assert_accessible(page)
    context.close()


def assert_accessible(page: Page) -> None:
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run().then(result => result.violations)")
    faults = [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found]
    assert faults == [], page.url

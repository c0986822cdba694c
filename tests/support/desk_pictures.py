"""Takes the pictures of docs/desk.md: `make picture`. The stories are those of training/corpus."""

import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from benchmarks.servers import end_process, find_port, wait_until_ready
from copydesk.model.files.json import JsonObject
from support.tiny import ROOT

PICTURES = ROOT / "docs" / "desk"
_PASSWORD = "correct horse battery"
_N_STORIES, _N_JUDGED, _DOUBT = 160, 75, 0.08  # the share of answers in which two people differ
_WIDE, _PHONE = ViewportSize(width=1200, height=800), ViewportSize(width=390, height=800)


def main() -> None:
    """Live through a desk's first days, and take a picture of every screen."""
    PICTURES.mkdir(exist_ok=True)
    stories = _choose_stories()
    with tempfile.TemporaryDirectory() as folder, _serve(Path(folder)) as (url, link), sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        admin = browser.new_context(viewport=_WIDE).new_page()
        admin.goto(link)
        _take(admin, "welcome")
        _begin(admin)
        _fill(admin, url, Path(folder), stories)
        second = browser.new_context(viewport=_WIDE).new_page()
        second.goto(_invite(admin, url))
        _begin(second)
        for page in (admin, second):
            _judge(page, url, stories, random.Random(len(page.context.cookies())))
        _take_pages(admin, url)
        _take_reading(browser, admin, url)
        browser.close()
    print(f"wrote {len(list(PICTURES.glob('*.png')))} pictures to {PICTURES}")


@contextmanager
def _serve(folder: Path) -> Iterator[tuple[str, str]]:
    """The desk with the bundle that ships: its address, and its first link."""
    port = find_port()
    command = [sys.executable, "-m", "copydesk", "desk", "--port", str(port), "--store", str(folder / "models")]
    few_shot = (ROOT / "configs" / "few_shot.toml").read_text(encoding="utf-8")
    quick = few_shot.replace("passes = 30.0", "passes = 4.0").replace("max_windows = 8", "max_windows = 2")
    (folder / "quick.toml").write_text(quick, encoding="utf-8")
    settings = {"COPYDESK_DESK_DIR": "desk", "COPYDESK_DESK_CONFIGS": "quick.toml,topics", "PYTHONPATH": str(ROOT)}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, cwd=folder, env=environ | settings, stderr=log) as process,
    ):
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
            yield f"http://127.0.0.1:{port}", re.findall(r"http://\S+welcome\S+", (folder / "log").read_text())[0]
        finally:
            end_process(process)


def _choose_stories() -> dict[str, JsonObject]:
    """Stories of the corpus by title."""
    files = sorted((ROOT / "training" / "corpus").glob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    random.Random(3).shuffle(rows)
    return {row["title"]: row for row in rows[:_N_STORIES] if row.get("title")}


def _begin(page: Page) -> None:
    page.fill("#password", _PASSWORD)
    page.click("text=Begin")
    page.wait_for_url(re.compile("/desk(/p/1)?$"))


def _fill(page: Page, url: str, folder: Path, stories: dict[str, JsonObject]) -> None:
    rows = [{"title": title, "text": row["text"], "source": "corpus"} for title, row in stories.items()]
    (folder / "stories.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    page.goto(f"{url}/desk/p/1/stories")
    page.set_input_files("#files", folder / "stories.jsonl")
    page.click("button:text('Hand in')")
    page.wait_for_selector("text=new stories.")
    page.goto(f"{url}/desk/p/1/labels")
    page.fill("#name", "labour")
    page.fill("#description", "Strikes, unions, wages and working conditions.")
    page.click("button:text('Add it')")
    page.fill("#double", "30")
    page.fill("#guideline", "A story carries a label when an editor of that desk would want to read it.")
    page.click("section:has(#double) button")
    while "The model has read" in page.goto(f"{url}/desk/p/1").text():  # type: ignore[union-attr]  # a page that is there
        page.wait_for_timeout(1_000)


def _invite(page: Page, url: str) -> str:
    page.goto(f"{url}/desk/people")
    page.fill("#name", "Ada")
    page.select_option("#role", "annotator")
    page.click("button:text('Add')")
    _take(page, "people")
    return page.input_value("#link")


def _judge(page: Page, url: str, stories: dict[str, JsonObject], rng: random.Random) -> None:
    """Judge as the corpus says, with some doubt, by what the page's script would send."""
    page.goto(f"{url}/desk/p/1/labels")
    csrf = page.get_attribute("meta[name=csrf]", "content") or ""

    def post(path: str, body: JsonObject) -> Any:
        answer = page.context.request.post(f"{url}/desk/p/1/{path}", data=body, headers={"X-CSRF-Token": csrf})
        assert answer.ok, answer.text()
        return answer.json()

    for _ in range(_N_JUDGED):
        for shown in post("claim", {"n": 1})["stories"]:
            truth = stories[shown["title"]]["labels"]
            verdicts = {
                str(label["id"]): "yes" if (label["name"] in truth) != (rng.random() < _DOUBT) else "no"
                for label in shown["labels"]
            }
            where = {"item": shown["item"], "story": shown["story"], "lane": "main"}
            post("save", {"save_id": uuid.uuid4().hex, "verdicts": verdicts, **where})


def _take_pages(page: Page, url: str) -> None:
    page.goto(f"{url}/desk/p/1/versions")
    page.select_option("#config", "quick.toml")
    page.click("button:text('Train')")
    page.wait_for_selector("#progress")
    page.wait_for_selector("#log:not(:empty)", timeout=600_000)
    page.wait_for_timeout(2_000)
    _take(page, "training")
    page.wait_for_selector("#verdict, .problem", timeout=1_200_000)
    _take(page, "comparison")
    page.fill("#reason", "Found more labour, lost nothing that matters.")
    page.click("button:has-text('Promote')")
    page.wait_for_url("**/versions")
    _take(page, "versions")
    for name in ("", "stories", "labels"):
        page.goto(f"{url}/desk/p/1/{name}".rstrip("/"))
        _take(page, name or "start")
    page.goto(f"{url}/desk/p/1/read?lane=adjudicate")
    page.wait_for_selector("#screen:not([hidden])")
    _take(page, "adjudicate")


def _take_reading(browser: Browser, admin: Page, url: str) -> None:
    state = admin.context.storage_state()
    looks = (("read", _WIDE, "light"), ("read-dark", _WIDE, "dark"), ("read-phone", _PHONE, "light"))
    for name, viewport, scheme in looks:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, storage_state=state)  # type: ignore[arg-type]  # literals
        page = context.new_page()
        page.goto(f"{url}/desk/p/1/read")
        page.wait_for_selector("#screen:not([hidden])")
        if viewport is _WIDE:
            page.locator(".ask").first.hover()
        _take(page, name)
        if name == "read":
            page.keyboard.press("?")
            _take(page, "keys")
        context.close()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()

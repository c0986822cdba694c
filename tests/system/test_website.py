"""The page at /, in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.tiny import ROOT, STORY, make_tiny_bundle

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    bundle: Path = tmp_path_factory.mktemp("bundle") / "tiny"
    make_tiny_bundle(bundle)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "copydesk", "serve", "--port", str(port), "--bundle", str(bundle)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as server:
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def test_a_text_is_shown_with_its_tags_and_its_summary_marked(address: str) -> None:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        for _ in range(120):
            try:
                page.goto(address)
                break
            except playwright.Error:
                page.wait_for_timeout(250)
        page.fill("#text", STORY)
        page.select_option("#sentences", "1")
        page.click("text=Analyse")
        page.wait_for_selector("mark")
        assert page.locator(".tag").count() == 4
        assert page.locator("mark").count() == 1
        assert page.inner_text(".story") == STORY
        page.fill("#text", "12 34")
        page.click("text=Analyse")
        page.wait_for_function("document.getElementById('problem').textContent.includes('no letters')")
        assert all(url.startswith(address) or url.startswith("data:") for url in requests)
        browser.close()

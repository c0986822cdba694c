"""Takes the picture of the web page that the README shows: `make picture`. The text in it is our own."""

import shutil

from playwright.sync_api import sync_playwright

from benchmarks.servers import serve_copydesk
from support.tiny import ROOT

PICTURE = ROOT / "docs" / "page.png"
_WIDTH, _HEIGHT = 1000, 900
_TEXT = """\
Ministers cut the duty on steel
By Ada Lindqvist
Ministers agreed on Monday to cut the duty on imported steel from 25 to 10 per cent, ending a two-year dispute with \
exporters in Asia. The lower rate applies from the first of March and will be reviewed after a year.
Carmakers, who buy most of the metal, had lobbied for the cut since spring. "Every tonne that waits in port costs us \
orders," said the head of their association. Two of the country's three mills have said they may close a furnace each.
The minister wore a blue scarf.
Share this article
Related articles
Police find 40 kilograms of heroin among tiles
Police found 40 kilograms of heroin in a lorry full of tiles on Friday, the largest find in the valley in ten years. \
Two drivers were arrested and a third man is being sought. The drugs had come by sea and were bound for three cities \
inland, the prosecutor said. A dog named Bella found them under the last of eleven pallets.
"""


def main() -> None:
    """Serve the bundle that ships, analyse the text on the page, and save what is seen."""
    with serve_copydesk() as server, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
        page.goto(server.url)
        page.fill("textarea", _TEXT)
        page.select_option("#sentences", "1")
        page.click("form button")
        page.wait_for_selector("mark")
        page.locator("textarea").evaluate("field => { field.scrollTop = 0 }")
        page.screenshot(path=PICTURE, full_page=True)
        browser.close()
    print(f"wrote {PICTURE}")


if __name__ == "__main__":
    main()

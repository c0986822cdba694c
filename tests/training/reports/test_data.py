import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from copydesk.training.data.profile import Profile, profile_stories
from copydesk.training.reports.data_page import write_data
from copydesk.training.reports.data_tables import data_tables

TOPICS = ("tariff duty export import", "heroin fentanyl cartel seizure", "rain sun wind snow")
LABELS: tuple[list[str], ...] = (["trade"], ["drugs"], [])


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """Ninety plain stories, and one row of each kind that is worth a line."""
    rows: list[dict[str, object]] = [
        {"id": f"s{i}", "text": f"{TOPICS[i % 3]} about number{i} and word{i % 7}", "labels": LABELS[i % 3]}
        for i in range(90)
    ]
    rows += [
        {"id": "both", "text": f"{TOPICS[0]} {TOPICS[1]}", "labels": ["trade", "drugs"], "unsure": []},
        {"id": "bad", "text": "", "labels": []},
        {"id": "rare", "text": "A vote.", "labels": ["<b>elections</b>"]},
        {"id": "twice", "text": "A VOTE!", "labels": ["<b>elections</b>"]},
        {"id": "wrong", "text": f"{TOPICS[1]} and more", "labels": []},
    ]
    path = tmp_path_factory.mktemp("data") / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return profile_stories([str(path)], ())


def test_a_person_reads_tables(profile: Profile) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    for part in data_tables(profile):
        console.print(part, soft_wrap=isinstance(part, str))
    shown = console.export_text()
    assert "1 rare labels" in shown
    assert f"93 stories from {next(iter(profile.files))}, 2 labels" in " ".join(shown.split())
    assert "3 faults: correct the files, or go on with --skip-bad and the 93 stories and 2 labels that remain" in shown
    assert "tariff" not in shown


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href") and not (value or "").startswith("#")
        ]


def test_the_report_is_one_page_without_texts(profile: Profile, tmp_path: Path) -> None:
    write_data(tmp_path / "report", profile)
    html = (tmp_path / "report" / "data.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(html)
    assert page.tags.count("svg") == 3
    assert page.links == []
    assert "b" not in page.tags  # a label with a tag in its name is escaped
    assert "&lt;b&gt;elections" in html
    data = json.loads((tmp_path / "report" / "data.json").read_text(encoding="utf-8"))
    assert data["n_stories"] == 93
    assert data["doubted"][0]["id"] == "wrong"
    assert "tariff" not in html + json.dumps(data)

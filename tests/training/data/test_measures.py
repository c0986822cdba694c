import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from copydesk.training.data.measures import DataMeasures, LabelCount, Together, measure_data
from copydesk.training.reports.data_report import write_data_report
from copydesk.training.reports.data_tables import print_data

TOPICS = ("tariff duty export import", "heroin fentanyl cartel seizure", "rain sun wind snow")


def begin(_: int) -> Callable[[], None]:
    return lambda: None


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def make_rows(n: int, start: int = 0) -> list[dict[str, object]]:
    labels: tuple[list[str], ...] = (["trade"], ["drugs"], [])
    return [
        {"id": f"s{i}", "text": f"{TOPICS[i % 3]} about number{i} and word{i % 7}", "labels": labels[i % 3]}
        for i in range(start, start + n)
    ]


LONG = " ".join(f"word{n}" for n in range(60))


@pytest.fixture
def measured(tmp_path: Path) -> DataMeasures:
    more: list[dict[str, object]] = [
        {"id": "both", "text": f"{TOPICS[0]} {TOPICS[1]}", "labels": ["trade", "drugs"], "unsure": []},
        {"id": "one", "text": LONG, "labels": [], "unsure": ["trade"]},
        {"id": "two", "text": f"{LONG} <p>again", "labels": ["trade"]},
        {"id": "bad", "text": "", "labels": []},
        {"id": "rare", "text": "A vote.", "labels": ["<b>elections</b>"]},
        {"id": "twice", "text": "A VOTE!", "labels": ["<b>elections</b>"]},
        {"id": "wrong", "text": f"{TOPICS[1]} and more", "labels": []},
    ]
    files = [write(tmp_path / "a.jsonl", make_rows(90)), write(tmp_path / "b.jsonl", more)]
    return measure_data(files, (), begin)


def test_counts_are_those_of_the_stories_that_remain(measured: DataMeasures, tmp_path: Path) -> None:
    assert measured.files == {str(tmp_path / "a.jsonl"): 90, str(tmp_path / "b.jsonl"): 6}
    assert measured.n_stories == 95
    counts = {label: (count.n_stories, count.n_unsure) for label, count in measured.labels.items()}
    assert counts == {"drugs": (31, 0), "trade": (32, 1)}
    assert measured.stories_by_n_labels == {0: 32, 1: 62, 2: 1}
    assert measured.together == [Together("drugs", "trade", 1, 1 / 31)]
    assert measured.length_quantiles()["longest"] == 62


def test_faults_are_told_apart_by_kind(measured: DataMeasures, tmp_path: Path) -> None:
    kinds = [fault.kind for fault in measured.faults]
    assert kinds == ["rows that do not read", "repeated texts", "rare labels"]
    assert str(measured.faults[1]) == f"{tmp_path}/b.jsonl:6: the same text as {tmp_path}/b.jsonl:5"


def test_a_missing_label_is_doubted(measured: DataMeasures) -> None:
    assert [(error.id, error.label) for error in measured.doubted][:1] == [("wrong", "drugs")]
    assert isinstance(measured.labels["drugs"], LabelCount)
    assert (measured.labels["drugs"].average_precision or 0) > 0.9


def test_near_duplicates_with_other_labels_and_html_are_noted(measured: DataMeasures, tmp_path: Path) -> None:
    assert [(v.places, v.same_labels, v.n_files) for v in measured.versions] == [
        ([f"{tmp_path}/b.jsonl:2", f"{tmp_path}/b.jsonl:3"], False, 1)
    ]
    notes = "\n".join(measured.notes)
    assert "2 stories are near-duplicates of each other, in 1 group; no split parts them" in notes
    assert "1 group of near-duplicates with different labels, first " in notes
    assert f"1 text seems to hold HTML, first {tmp_path}/b.jsonl:3" in notes


def test_a_near_duplicate_in_another_file_is_called_a_leak(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", [*make_rows(60), {"text": LONG, "labels": []}])
    test = write(tmp_path / "test.jsonl", [{"text": f"{LONG} updated", "labels": []}])
    notes = "\n".join(measure_data([train, test], (), begin).notes)
    assert f"in several files, first {train}:61 and {test}:1: a leak if one of the files is a test set" in notes


def test_a_person_reads_tables(measured: DataMeasures) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    print_data(console, measured)
    shown = console.export_text()
    assert "1 rare labels" in shown
    assert "95 stories from 2 files, 2 labels" in shown
    assert "3 faults: correct the files, or go on with --skip-bad and the 95 stories and 2 labels that remain" in shown
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


def test_the_report_is_one_page_without_texts(measured: DataMeasures, tmp_path: Path) -> None:
    write_data_report(tmp_path / "report", measured)
    html = (tmp_path / "report" / "data.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(html)
    assert page.tags.count("svg") == 3
    assert page.links == []
    assert "b" not in page.tags  # a label with a tag in its name is escaped
    assert "&lt;b&gt;elections" in html
    data = json.loads((tmp_path / "report" / "data.json").read_text(encoding="utf-8"))
    assert data["n_stories"] == 95
    assert data["doubted"][0]["id"] == "wrong"
    assert "tariff" not in html + json.dumps(data)

import json
import re
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from copydesk.model.analyzer import Analyzer
from copydesk.training.cli import evaluate
from copydesk.training.evaluation.measure import BundleMeasures, measure_tags
from copydesk.training.reports.evaluation_page import write_evaluation

SENTENCES = (
    "Ministers agreed to cut the duty on steel.",
    "Police found heroin in a lorry full of tiles.",
    "The talks in Taipei took three days.",
    "Nobody was hurt, the army said.",
    "It will rain on Sunday in the north.",
)
LABELS: tuple[list[str], ...] = (["trade"], ["drugs"], ["taiwan"], ["security"], [])


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [{"id": f"<b>{n}</b>", "text": " ".join(SENTENCES[n % 5 :]), "labels": LABELS[n % 5]} for n in range(20)]
    path = tmp_path_factory.mktemp("labelled") / "stories.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [" ".join(SENTENCES[n:] + SENTENCES[:n]) for n in range(5)]
    sources = ("two", "one", "two", "one", "two")
    rows = [{"source": s, "article": t, "highlights": SENTENCES[2]} for s, t in zip(sources, texts, strict=True)]
    path = tmp_path_factory.mktemp("articles") / "articles.parquet"
    pq.write_table(pa.Table.from_pylist([*rows, {"source": "two", "article": "...", "highlights": "None."}]), path)
    return path


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text, starts = " ".join(SENTENCES), [0]
    for sentence in SENTENCES:
        starts.append(starts[-1] + len(sentence) + 1)
    spans = [[start, end - 1] for start, end in pairwise(starts)]
    choices = [{"key": key, "also": [3], "furniture": [5], "dangling": []} for key in ([1], [1, 2])]
    rows = [{"id": f"<i>{n}</i>", "title": "Steel", "text": text, "spans": spans, "annotations": choices} for n in "ab"]
    path = tmp_path_factory.mktemp("edited") / "editors.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def written(
    tiny_bundle: Path, labelled: Path, articles: Path, edited: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    directory = tmp_path_factory.mktemp("report")
    options = ["--bundle", tiny_bundle, "--data", labelled, "--train-data", labelled, "--summaries", articles]
    arguments = [*options, "--editors", edited, "--report", directory]
    result = CliRunner().invoke(evaluate.commands, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    assert "macro-F1" in result.stdout
    assert "ROUGE-Lsum" in result.stdout
    # Of the first three sentences an editor prints one or two, and one is nearly as good.
    assert re.search(r"lead-3 +0\.667 \(0\.667-0\.667\) +0\.000 +0\.000", result.stdout)
    return directory


def test_report_json_holds_tags_baselines_and_summaries(written: Path) -> None:
    report = json.loads((written / "report.json").read_text(encoding="utf-8"))
    tags, summaries = report["tags"], report["summaries"]
    assert tags["n_stories"] == 20
    assert set(tags["baselines"]) == {"majority", "keyword rules", "TF-IDF, logistic regression"}
    assert tags["mistakes"][0]["id"].startswith("<b>")
    assert summaries["n_articles"] == {"all": 5, "one": 2, "two": 3, "under 300 words": 5}
    assert summaries["n_left_out"] == 1
    assert set(summaries["groups"]["one"]) == {"copydesk", "lead-3", "TextRank", "centroid", "oracle"}
    assert summaries["positions"]["lead-3"][:4] == [5, 5, 5, 0]
    assert summaries["groups"]["all"]["oracle"]["mean"]["rouge2"] == 100


def test_report_json_holds_the_editors_credit(written: Path) -> None:
    editors = json.loads((written / "report.json").read_text(encoding="utf-8"))["editors"]
    assert (editors["n_articles"], editors["n_without"]) == (2, 0)
    assert editors["systems"]["lead-3"]["mean"] == {"credit": pytest.approx(2 / 3), "furniture": 0, "dangling": 0}
    gain = editors["systems"]["editors"]["over_lead"]["credit"]  # the keys agree on the first sentence
    assert (gain["mean"], gain["interval"]["low"]) == (pytest.approx(0.75 - 2 / 3), pytest.approx(0.75 - 2 / 3))
    assert set(editors["systems"]["copydesk"]["interval"]) == {"credit", "furniture", "dangling"}
    assert editors["positions"]["editors"][:3] == [4, 2, 0]
    assert (editors["marks"]["key"]["share"], editors["marks"]["key"]["n_sentences"]) == (0.25, 8)


def test_a_bad_file_of_editors_stops_before_anything_is_loaded(edited: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text(edited.read_text(encoding="utf-8").replace('"key": [1, 2]', '"key": [1, 5]', 1))
    arguments = ["--bundle", str(tmp_path / "nowhere"), "--editors", str(tmp_path / "bad.jsonl")]
    result = CliRunner().invoke(evaluate.commands, arguments)
    assert re.search(
        r"bad\.jsonl:1: annotation 2: sentence 5 is in key and in furniture; take it", str(result.exception)
    )


def test_page_needs_nothing_from_elsewhere(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 7
    assert not re.search(r'<(?:script|link|img|iframe)|@import|url\((?!#)|(?:src|href)="(?!#)', page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_page_escapes_ids_and_holds_no_text(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert not any(sentence in page for sentence in SENTENCES)


def test_one_measurement_always_gives_the_same_page(tiny_bundle: Path, labelled: Path, tmp_path: Path) -> None:
    analyzer = Analyzer.load(tiny_bundle, "cpu")
    measures = BundleMeasures(analyzer.bundle, measure_tags(analyzer, str(labelled), [str(labelled)]), None)
    for name in ("a", "b"):
        write_evaluation(tmp_path / name, measures)
    pages = [(tmp_path / name / "report.html").read_bytes() for name in ("a", "b")]
    assert pages[0] == pages[1]

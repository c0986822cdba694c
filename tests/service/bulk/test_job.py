import csv
import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk.model.analysis import Options, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError, DataError
from copydesk.model.files.rows import Position
from copydesk.model.files.sources import find_source
from copydesk.service.bulk.columns import Columns
from copydesk.service.bulk.job import Job, open_parts, run_bulk
from copydesk.service.bulk.records import Counts
from copydesk.service.bulk.shards import OutputError
from support.tiny import CASES, LABELS, STORY


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows: list[Any] = [
        {"id": n, "text": f"{STORY} The goal fell in minute {n}.", "url": f"u{n}", "n": n} for n in range(23)
    ]
    rows[4] = {"id": 4, "text": ""}
    lines = [json.dumps(row) for row in rows]
    lines[7] = "{not JSON"
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "in.jsonl"


def make_job(source: Path, name: str = "out.jsonl", **changes: Any) -> Job:
    return replace(Job(find_source(str(source)), source.with_name(name), shard_rows=5), **changes)


def run(analyzer: Analyzer, job: Job, *, resume: bool = False) -> Counts:
    total = Counts()
    for counts in run_bulk(analyzer, job, open_parts(job, analyzer.bundle, resume=resume), Position()):
        total.add(counts)
    return total


def interrupt(analyzer: Analyzer, job: Job, after: int) -> None:
    """Run until so many rows are done, then leave as Ctrl-C does."""
    steps: Iterator[Counts] = run_bulk(analyzer, job, open_parts(job, analyzer.bundle, resume=False), Position())
    for _ in range(after):
        next(steps)


def test_rows_come_out_in_order_and_bad_ones_say_why(analyzer: Analyzer, source: Path) -> None:
    job = make_job(source)
    counts = run(analyzer, job)
    rows = [json.loads(line) for line in job.target.read_text().splitlines()]
    assert (counts.rows, counts.failed) == (23, 2)
    assert [row.get("id") for row in rows] == [None if n == 7 else str(n) for n in range(23)]
    errors = [json.loads(line) for line in (source.parent / "out.jsonl.errors.jsonl").read_text().splitlines()]
    assert [(error["file"], error["line"], error["code"]) for error in errors] == [
        ("in.jsonl", 5, "empty_text"),
        ("in.jsonl", 8, "invalid_row"),
    ]
    assert not (source.parent / "out.jsonl.parts").exists()


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv.gz", "out.parquet"])
def test_an_interrupted_and_resumed_job_gives_the_same_bytes(analyzer: Analyzer, source: Path, name: str) -> None:
    run(analyzer, make_job(source, name))
    whole = source.with_name(name).read_bytes()
    source.with_name(name).unlink()
    interrupt(analyzer, make_job(source, name), after=13)
    assert not source.with_name(name).exists()
    counts = run(analyzer, make_job(source, name), resume=True)
    assert counts.rows == 13  # two shards of five were done
    assert source.with_name(name).read_bytes() == whole


def test_a_job_in_progress_is_neither_overwritten_nor_mixed(analyzer: Analyzer, source: Path) -> None:
    interrupt(analyzer, make_job(source), after=8)
    with pytest.raises(ConfigError, match=r"go on with it by --resume, or remove it"):
        run(analyzer, make_job(source))
    options = Options(summary=SummaryOptions(sentences=1))
    with pytest.raises(ConfigError, match=r"begun with options .*now .*\"sentences\": 1"):
        run(analyzer, make_job(source, options=options), resume=True)
    with source.open("a") as file:
        file.write("\n")
    with pytest.raises(ConfigError, match=r"begun with input"):
        run(analyzer, make_job(source), resume=True)


def test_another_model_does_not_go_on_with_a_job(analyzer: Analyzer, source: Path) -> None:
    interrupt(analyzer, make_job(source), after=8)
    other = replace(analyzer.bundle, digest="another")
    with pytest.raises(ConfigError, match=r'begun with model .*now \["tiny", "another"\]'):
        open_parts(make_job(source), other, resume=True)


def test_flat_columns_are_the_same_in_csv_and_parquet(analyzer: Analyzer, source: Path) -> None:
    columns = Columns(keep=("url", "n"))
    run(analyzer, make_job(source, "out.csv", columns=columns))
    run(analyzer, make_job(source, "out.parquet", columns=columns))
    table = pq.read_table(source.with_name("out.parquet"))
    expected = ["id", "url", "n", "labels", *(f"score_{label}" for label in LABELS), "summary", "error"]
    assert table.column_names == expected
    assert [str(table.schema.field(name).type) for name in ("n", "score_trade", "url")] == ["int64", "double", "string"]
    with source.with_name("out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for one, other in zip(rows, table.to_pylist(), strict=True):
        assert one["labels"] == ";".join(other["labels"])
        assert one["score_drugs"] == ("" if other["score_drugs"] is None else str(other["score_drugs"]))
        assert (one["summary"], one["error"]) == (other["summary"] or "", other["error"] or "")


def test_a_kept_column_of_mixed_types_becomes_text_in_parquet(analyzer: Analyzer, source: Path) -> None:
    values: list[Any] = [1, "two", {"three": 3}, None]
    source.write_text("".join(json.dumps({"text": STORY, "k": value}) + "\n" for value in values))
    run(analyzer, make_job(source, "out.parquet", columns=Columns(keep=("k",))))
    assert pq.read_table(source.with_name("out.parquet"))["k"].to_pylist() == ["1", "two", '{"three": 3}', None]


def test_a_kept_column_cannot_hide_one_of_the_output(analyzer: Analyzer, source: Path) -> None:
    for name, keep in (("out.jsonl", "tags"), ("out.csv", "labels"), ("out.parquet", "score_trade")):
        with pytest.raises(ConfigError, match=f"--keep {keep}"):
            run(analyzer, make_job(source, name, columns=Columns(keep=(keep,))))


def test_a_full_disk_names_path_and_need_and_keeps_what_was_done(
    analyzer: Analyzer, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(analyzer, make_job(source, "whole.jsonl"))
    synced: list[int] = []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"parts/00000\d.*: No space left on device; \d+ bytes were to be written"):
        run(analyzer, make_job(source))
    monkeypatch.undo()
    assert run(analyzer, make_job(source), resume=True).rows < 23
    assert source.with_name("out.jsonl").read_bytes() == source.with_name("whole.jsonl").read_bytes()


def test_a_folder_of_something_else_is_left_alone(analyzer: Analyzer, source: Path) -> None:
    folder = source.parent / "out.jsonl.parts"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="files of something else"):
        run(analyzer, make_job(source), resume=True)
    assert (folder / "thesis.txt").exists()


def test_a_damaged_shard_is_made_again(analyzer: Analyzer, source: Path) -> None:
    interrupt(analyzer, make_job(source), after=13)
    shard = source.parent / "out.jsonl.parts" / "000001.jsonl"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(OutputError, match=r"000001.jsonl: missing or damaged; run the job again with --resume"):
        run(analyzer, make_job(source), resume=True)
    assert run(analyzer, make_job(source), resume=True).rows == 5


def test_titles_ids_and_texts_are_read_from_the_columns_named(analyzer: Analyzer, source: Path) -> None:
    source.write_text(json.dumps({"key": 5, "body": STORY, "head": "Steel", "text": 1}) + "\n")
    run(analyzer, make_job(source, columns=Columns(text="body", title="head", id="key")))
    row = json.loads(source.with_name("out.jsonl").read_text())
    assert (row["id"], row["story"]["title"]) == ("5", "Steel")


def test_a_shard_whose_bytes_have_changed_is_made_again(analyzer: Analyzer, source: Path) -> None:
    run(analyzer, make_job(source, "whole.jsonl"))
    interrupt(analyzer, make_job(source), after=13)
    shard = source.parent / "out.jsonl.parts" / "000000.jsonl"
    content = shard.read_bytes()
    shard.write_bytes(content.replace(b"a", b"b", 1))
    with pytest.raises(OutputError, match=r"000000.jsonl: missing or damaged; run the job again with --resume"):
        run(analyzer, make_job(source), resume=True)
    run(analyzer, make_job(source), resume=True)
    assert source.with_name("out.jsonl").read_bytes() == source.with_name("whole.jsonl").read_bytes()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"rows": null}', '"x"', "\xff"])
def test_a_damaged_note_of_a_shard_is_named_and_the_shard_made_again(
    analyzer: Analyzer, source: Path, content: str
) -> None:
    interrupt(analyzer, make_job(source), after=13)
    (source.parent / "out.jsonl.parts" / "000001.done.json").write_text(content, encoding="latin-1")
    with pytest.raises(OutputError, match=r"000001\.done\.json: missing or damaged; run the job again with --resume"):
        open_parts(make_job(source), analyzer.bundle, resume=True).counts()
    assert run(analyzer, make_job(source), resume=True).rows == 18


@pytest.mark.parametrize("content", ["", "{", "[1]", "3"])
def test_a_damaged_journal_is_named(analyzer: Analyzer, source: Path, content: str) -> None:
    interrupt(analyzer, make_job(source), after=8)
    (source.parent / "out.jsonl.parts" / "journal.json").write_text(content)
    with pytest.raises(ConfigError, match=r"journal\.json: damaged; remove .*out\.jsonl\.parts to begin anew"):
        run(analyzer, make_job(source), resume=True)


def test_a_second_job_on_one_output_is_refused_with_the_number_of_the_first(analyzer: Analyzer, source: Path) -> None:
    first = open_parts(make_job(source), analyzer.bundle, resume=False)
    for resume in (False, True):
        with pytest.raises(ConfigError, match=rf"out\.jsonl: process {os.getpid()} writes to it; wait for its end"):
            open_parts(make_job(source), analyzer.bundle, resume=resume)
    first.close()
    assert run(analyzer, make_job(source)).rows == 23


def test_an_input_that_changes_under_way_gives_no_output(analyzer: Analyzer, source: Path) -> None:
    before = source.read_bytes()
    steps = run_bulk(
        analyzer, make_job(source), open_parts(make_job(source), analyzer.bundle, resume=False), Position()
    )
    next(steps)
    source.write_bytes(before.replace(b"minute 22", b"minute 99"))
    with pytest.raises(DataError, match=r"in\.jsonl: has changed while it was read; .* remove .*parts and begin anew"):
        list(steps)
    assert not source.with_name("out.jsonl").exists()
    source.write_bytes(before)
    assert run(analyzer, make_job(source), resume=True).rows == 0
    assert source.with_name("out.jsonl").exists()


def test_an_input_is_known_by_its_content_not_its_time(analyzer: Analyzer, source: Path) -> None:
    interrupt(analyzer, make_job(source), after=8)
    os.utime(source, (1, 1))
    assert run(analyzer, make_job(source), resume=True).rows == 18


def test_a_large_input_is_known_by_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.model.files.sources._PIECE", 10)
    monkeypatch.setattr("copydesk.model.files.sources._N_PIECES", 3)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"a" * 1000)
    before = find_source(str(path)).fingerprint()
    for place, is_seen in ((0, True), (499, True), (999, True), (200, False)):
        path.write_bytes(b"a" * place + b"b" + b"a" * (999 - place))
        assert (find_source(str(path)).fingerprint() != before) is is_seen


DANGEROUS = ["=1+1", "+1", "-1", "@sum", "\tx"]


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_cells_that_a_spreadsheet_would_run_are_text(analyzer: Analyzer, source: Path, name: str) -> None:
    rows = [{"id": cell, "text": STORY, "url": cell, "n": -1} for cell in [*DANGEROUS, "a=b", "'x"]]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for raw in (False, True):
        job = make_job(source, name, columns=Columns(keep=("url", "n")), raw_cells=raw)
        run(analyzer, job)
        with job.target.open(newline="") as file:
            found = list(csv.DictReader(file, delimiter="," if name == "out.csv" else "\t"))
        mark = "" if raw else "'"
        assert [row["url"] for row in found] == [*(f"{mark}{cell}" for cell in DANGEROUS), "a=b", "'x"]
        assert [row["id"] for row in found] == [row["url"] for row in found]
        assert {row["n"] for row in found} == {"-1"}
        job.target.unlink()


@pytest.mark.parametrize(
    ("case", "n_rows", "failed"),
    [
        ("d01_bom_crlf.csv", 2, []),
        ("d02_semicolon.csv", 2, []),
        ("d04.tsv", 1, []),
        ("d05_array.json", 2, []),
        ("d05_array.jsonl", 2, []),
        ("d06_members.jsonl.gz", 3, []),
        ("d07_cp1252.csv", 1, [2]),
        ("d08.parquet", 3, []),
        ("d08c_view.parquet", 2, []),
        ("d09_cr.csv", 2, []),
        ("d11_quotes.csv", 5, [5]),
        ("d12_nested.jsonl", 6, [1, 2, 3, 4, 5, 6]),
        ("d15_utf16.csv", 1, []),
        ("d18_unclosed_quote.csv", 4, [3]),
    ],
)
def test_every_case_gives_an_answer_or_a_reason_per_row(
    analyzer: Analyzer, tmp_path: Path, case: str, n_rows: int, failed: list[int]
) -> None:
    counts = run(analyzer, Job(find_source(str(CASES / case)), tmp_path / "out.jsonl"))
    assert (counts.rows, counts.failed) == (n_rows, len(failed))
    path = tmp_path / "out.jsonl.errors.jsonl"
    errors = [json.loads(line) for line in path.read_text().splitlines()] if failed else []
    assert [(error["file"], error["line"]) for error in errors] == [(case, line) for line in failed]

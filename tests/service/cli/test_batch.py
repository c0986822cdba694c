import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.model.bundles.store import Store
from copydesk.model.errors import CopydeskError
from copydesk.model.files.sources import STDIN
from copydesk.service.bulk.records import Counts
from copydesk.service.cli.batch import commands
from copydesk.service.cli.progress import JobProgress
from support.tiny import LABELS, STORY, make_tiny_bundle

LINE = json.dumps({"id": 1, "text": STORY}) + "\n"


def batch(*arguments: str | Path, bundle: Path | None, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `copydesk batch`."""
    command = [*map(str, arguments), "--device", "cpu", *(["--bundle", str(bundle)] if bundle else [])]
    result = CliRunner().invoke(commands, command, input=stdin)
    code = result.exception.exit_code if isinstance(result.exception, CopydeskError) else result.exit_code
    return code, result.stdout, result.stderr


def test_a_clean_job_ends_with_0_and_a_summary(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "in.jsonl").write_text(LINE * 3)
    code, _, errors = batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", bundle=tiny_bundle)
    assert code == 0
    assert "3 rows, 0 failed" in errors
    assert "labels: " in errors
    assert "articles/s" in errors


@pytest.mark.parametrize(
    ("source", "target", "options", "code"),
    [
        ("bad.jsonl", "out.jsonl", [], 1),
        ("in.jsonl", "out.docx", [], 2),
        ("in.jsonl", "out.jsonl", ["--engine", "spark"], 2),
        ("in.jsonl", "out.jsonl", ["--address", "auto"], 2),
        ("in.jsonl", "-", ["--engine", "ray"], 2),
        ("in.jsonl", "-", ["--resume"], 2),
        ("in.jsonl", "-", ["--overwrite"], 2),
        ("in.jsonl", "out.jsonl", ["--limit", "0"], 2),
        ("in.jsonl", "out.jsonl", ["--focus", "drug"], 2),
        ("in.jsonl", "out.jsonl", ["--store", "models"], 2),
        ("in.jsonl", "out.jsonl", ["--include", "tag"], 2),
        ("in.jsonl", "out.csv", ["--include", "tags"], 2),
        ("none.jsonl", "out.jsonl", [], 3),
        ("in.jsonl", "no/folder/out.jsonl", [], 4),
        ("in.jsonl", "in.jsonl", ["--overwrite"], 2),
        ("in.jsonl", "bad.jsonl", [], 2),
        ("in.jsonl", "bad.jsonl", ["--overwrite"], 0),
        ("in.jsonl", "out.json", [], 2),
        ("in.jsonl", "out.jsonl", ["--text-column", "body"], 3),
        ("in.jsonl", "-", ["--text-column", "body"], 3),
        ("in.jsonl", "out.jsonl", ["--keep", "url"], 3),
        ("in.jsonl", "out.jsonl", ["--delimiter", ";;"], 2),
        ("in.jsonl", "out.jsonl", ["--encoding", "latin-17"], 2),
        ("semi.csv", "out.csv", ["--delimiter", ":", "--encoding", "cp1252", "--raw-cells"], 0),
    ],
)
def test_exit_codes(tmp_path: Path, tiny_bundle: Path, source: str, target: str, options: list[str], code: int) -> None:
    (tmp_path / "in.jsonl").write_text(LINE)
    (tmp_path / "bad.jsonl").write_text(LINE + "{\n")
    (tmp_path / "semi.csv").write_bytes(b"id:text\n1:M\xe4rz was cold. It rained.\n")
    out = target if target == "-" else tmp_path / target
    assert batch(tmp_path / source, out, *options, bundle=tiny_bundle)[0] == code


def test_the_second_run_over_a_folder_does_not_read_the_first_ones_output(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "in.jsonl").write_text(LINE * 3)
    for options in ([], ["--overwrite"]):
        code, _, errors = batch(tmp_path, tmp_path / "out.jsonl", *options, bundle=tiny_bundle)
        assert (code, "3 rows, 0 failed" in errors) == (0, True)


def test_a_limit_reads_the_first_rows_alone(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"id": n, "text": STORY}) + "\n" for n in range(9)))
    code, out, errors = batch(tmp_path / "in.jsonl", "-", "--limit", "2", bundle=tiny_bundle)
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["0", "1"]
    assert "2 rows, 0 failed" in errors
    assert batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--limit", "4", bundle=tiny_bundle)[0] == 0
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 4


def test_only_the_parts_asked_for_are_written(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "in.jsonl").write_text(LINE)
    options = ["--include", "summary, text"]
    assert batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", *options, bundle=tiny_bundle)[0] == 0
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert set(row) == {"id", "summary", "story", "other_stories", "text", "page", "language", "coverage"}
    streamed = json.loads(batch(tmp_path / "in.jsonl", "-", *options, bundle=tiny_bundle)[1])
    assert set(streamed) == set(row)


def test_the_current_version_of_a_store_is_used(tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    (tmp_path / "in.jsonl").write_text(LINE)
    expected = []
    for seed in (1, 2):
        make_tiny_bundle(tmp_path / str(seed), seed)
        store.promote(store.add(tmp_path / str(seed)).digest, instead_of=store.current())
        expected.append(scores(batch(tmp_path / "in.jsonl", "-", bundle=tmp_path / str(seed))[1]))
    code, out, _ = batch(tmp_path / "in.jsonl", "-", "--store", store.directory, bundle=None)
    assert code == 0
    assert scores(out) == pytest.approx(expected[1], abs=0.01)  # each run times anew whether bf16 is faster here
    assert scores(out) != pytest.approx(expected[0], abs=0.01)


def scores(line: str) -> list[float]:
    """The tags' scores in a row of the output."""
    return [tag["score"] for tag in json.loads(line)["tags"]]


def test_a_summary_of_one_sentence_may_lean_to_a_label(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(LINE)
    make_tiny_bundle(tmp_path / "b", seed=2)
    summaries = []
    for label in LABELS:
        _, out, _ = batch(
            tmp_path / "in.jsonl", "-", "--summary-sentences", "1", "--focus", label, bundle=tmp_path / "b"
        )
        summaries.append(json.loads(out)["summary"]["text"])
    assert len(set(summaries)) > 1
    assert all(summary in STORY for summary in summaries)


def test_standard_input_goes_to_standard_output(tiny_bundle: Path) -> None:
    code, out, _ = batch(STDIN, "-", bundle=tiny_bundle, stdin=LINE + "{\n")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert rows[0]["id"] == "1"
    assert rows[1]["error"]["code"] == "invalid_row"


@pytest.mark.parametrize(("error", "word"), [(KeyboardInterrupt, "interrupted"), (ZeroDivisionError, "stopped")])
def test_a_job_that_ends_early_names_what_is_kept_and_counts_it_when_it_goes_on(
    error: type[BaseException], word: str, tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_late(progress: JobProgress, counts: Counts, bytes_read: int) -> None:
        add(progress, counts, bytes_read)
        if progress.counts.rows == 1050:
            raise error

    (tmp_path / "in.jsonl").write_text('{"text": "It rained."}\n' * 1100)
    add = JobProgress.add
    with monkeypatch.context() as patch:
        patch.setattr(JobProgress, "add", fail_late)
        code, _, errors = batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", bundle=tiny_bundle)
    assert code == (130 if word == "interrupted" else 1)
    assert f"{word} after 1,050 rows; 1,000 are kept in {tmp_path}/out.jsonl.parts: go on with --resume" in errors
    code, _, errors = batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--resume", bundle=tiny_bundle)
    assert code == 0
    assert "1,100 rows, 0 failed" in errors
    assert "this run: 100 rows" in errors


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_130_and_says_how_to_go_on(tiny_bundle: Path, which: signal.Signals) -> None:
    """The job waits for its standard input, which stays open, when the signal comes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job hands down that it is ignored
    command = [sys.executable, "-m", "copydesk", "batch", "-", "-", "--bundle", str(tiny_bundle)]
    process = subprocess.Popen(
        [*command, "--device", "cpu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LINE.encode() * 1000)  # a group: its answers come while more is waited for
    process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(which)
    process.stdin.close()
    process.stdin = None
    _, errors = process.communicate()
    assert process.returncode == 130
    assert b"interrupted after" in errors
    assert b"standard output is all there is" in errors

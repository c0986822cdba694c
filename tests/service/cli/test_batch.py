import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.model.errors import CopydeskError
from copydesk.model.files.sources import STDIN
from copydesk.service.cli.cli import commands
from support.tiny import STORY

LINE = json.dumps({"id": 1, "text": STORY}) + "\n"


def batch(*arguments: str | Path, bundle: Path, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `copydesk batch`."""
    command = ["batch", *map(str, arguments), "--bundle", str(bundle), "--device", "cpu"]
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


def test_standard_input_goes_to_standard_output(tiny_bundle: Path) -> None:
    code, out, _ = batch(STDIN, "-", bundle=tiny_bundle, stdin=LINE + "{\n")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert rows[0]["id"] == "1"
    assert rows[1]["error"]["code"] == "invalid_row"


def test_an_interrupt_ends_with_130_and_says_how_to_go_on(tmp_path: Path, tiny_bundle: Path) -> None:
    """The job waits for its standard input, which stays open, when the signal comes."""
    command = [sys.executable, "-m", "copydesk", "batch", "-", "-", "--bundle", str(tiny_bundle)]
    process = subprocess.Popen(
        [*command, "--device", "cpu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LINE.encode() * 1000)  # a group: its answers come while more is waited for
    process.stdin.flush()
    assert process.stdout.readline()
    os.kill(process.pid, 2)
    process.stdin.close()
    process.stdin = None
    _, errors = process.communicate()
    assert process.returncode == 130
    assert b"interrupted after" in errors

from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("peft")

from copydesk.__main__ import join_commands
from copydesk.model.errors import CopydeskError
from support.tiny import CASES


def check(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of `copydesk data check`."""
    result = CliRunner().invoke(join_commands(), ["data", "check", *map(str, arguments)], env={"COLUMNS": "1000"})
    if isinstance(result.exception, CopydeskError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("case", "code", "shown"),
    [
        ("l15_strlist_many.csv", 0, "security"),
        ("l16_pipe_many.csv", 1, "l16_pipe_many.csv:3: the labels look like several with ',' between"),
        ("l17_int01.jsonl", 1, "l17_int01.jsonl:1: labels is int, expected a list of label names"),
        ("l18_null.jsonl", 1, "l18_null.jsonl:1: not labelled: its labels are null"),
    ],
)
def test_labels_that_may_be_read_wrongly_are_named(case: str, code: int, shown: str) -> None:
    found, output = check(CASES / case)
    assert (found, shown in output) == (code, True)


def test_the_options_say_how_a_file_is_read(tmp_path: Path) -> None:
    rows = "".join(
        f"M\xfcller saw {word} number {n}:{tags}\n"
        for n in range(20)
        for word, tags in (("steel", "a, b|c"), ("rain", ""))
    )
    (tmp_path / "a.csv").write_bytes(f"body:topics\n{rows}".encode("cp1252"))
    options = ["--text-column", "body", "--label-column", "topics", "--label-separator", "|"]
    found, output = check(tmp_path / "a.csv", *options, "--delimiter", ":", "--encoding", "cp1252")
    assert (found, "a, b" in output) == (0, True)
    assert check(tmp_path / "a.csv", *options, "--encoding", "latin-17")[0] == 2
    found, output = check(tmp_path / "a.csv", "--delimiter", ":", "--encoding", "cp1252", "--text-column", "text")
    assert (found, "no column 'text'; it has body, topics" in output) == (1, True)

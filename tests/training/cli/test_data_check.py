import json
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


def write_edited(path: Path, *keys: list[int]) -> Path:
    text = "Ministers met. It was late. Read more."
    annotations = [{"key": key, "also": [], "furniture": [3], "dangling": [2]} for key in keys]
    row = {"id": "a1", "text": text, "spans": [[0, 14], [15, 27], [28, 38]], "annotations": annotations}
    path.write_text(json.dumps(row) + "\n")
    return path


def test_articles_that_editors_have_read_are_known_by_their_columns(tmp_path: Path) -> None:
    found, output = check(write_edited(tmp_path / "editors.jsonl", [1], [1, 2]))
    assert found == 0
    assert "editors.jsonl: 1 article of 3 sentences, 2 annotations" in output
    assert "key 1.50 50.0%" in output
    assert "editors per article: 2: 1" in output
    assert "each editor's key, judged by the others: credit 0.750" in output
    assert "usable: 1 article, no fault" in output


def test_what_is_wrong_with_edited_articles_is_named_beside_labelled_stories(tmp_path: Path) -> None:
    edited = write_edited(tmp_path / "editors.jsonl", [1], [3])
    found, output = check(CASES / "l15_strlist_many.csv", edited)
    assert found == 1
    assert f"{edited}:1: annotation 2: sentence 3 is in key and in furniture; take it out of one of them" in output
    assert "1 fault: correct the file; 0 articles would remain" in output
    assert "usable: " in output  # the stories


def test_the_options_say_how_a_file_is_read(tmp_path: Path) -> None:
    kinds = (("steel", "a, b|c"), ("rain", ""))
    rows = "".join(f"Müller saw {word} number {n}:{tags}\n" for n in range(20) for word, tags in kinds)
    (tmp_path / "a.csv").write_bytes(f"body:topics\n{rows}".encode("cp1252"))
    options = ["--text-column", "body", "--label-column", "topics", "--label-separator", "|"]
    found, output = check(tmp_path / "a.csv", *options, "--delimiter", ":", "--encoding", "cp1252")
    assert (found, "a, b" in output) == (0, True)
    assert check(tmp_path / "a.csv", *options, "--encoding", "latin-17")[0] == 2
    found, output = check(tmp_path / "a.csv", "--delimiter", ":", "--encoding", "cp1252", "--text-column", "text")
    assert (found, "no column 'text'; it has body, topics" in output) == (1, True)

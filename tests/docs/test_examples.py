"""What a reader copies from the pages works."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import copydesk
from benchmarks.run import PARTS
from copydesk.model.analyzer import Analyzer
from copydesk.model.files.json import Json
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.markdown import CONTRIBUTING, DOCS, PAGES, README, Block, code_blocks, shell_lines
from support.served import serve_app
from support.tiny import ROOT

_REQUEST = re.compile(r"^curl .*http://127\.0\.0\.1:8000(/\S+) .*-d '(\{.*\})'$", re.DOTALL)
_ROUNDED = 0.03  # numbers are shown shortened, and bf16 rounds them by the machine
GROUPS = ("data", "desk", "drift", "models")


def find_pairs(page: Path) -> Iterator[tuple[str, Json, Json]]:
    """Path and body of each request that the page shows with the answer below it, and that answer."""
    blocks = code_blocks(page, "sh", "json")
    for block, following in pairwise(blocks):
        if match := _REQUEST.match(block.text.strip()):
            assert following.language == "json", f"{page.name}: a request without an answer below it"
            yield match[1], json.loads(match[2]), json.loads(following.text)


PAIRS = [pytest.param(*pair, id=f"{page.stem}-{pair[0]}") for page in PAGES for pair in find_pairs(page)]
PYTHON = [block for page in PAGES for block in code_blocks(page, "python")]
REMOTE = [block for block in PYTHON if "http://127.0.0.1:8000" in block.text]
COMMANDS = sorted({line for page in PAGES for line in shell_lines(page) if re.match(r"([A-Z_]+=\S+ )*copydesk ", line)})


@pytest.fixture(scope="module")
def client(default_analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(), lambda: default_analyzer)) as client:
        yield client


@pytest.mark.parametrize(("path", "body", "shown"), PAIRS)
def test_a_request_gets_the_answer_that_is_shown(client: TestClient, path: str, body: Json, shown: Json) -> None:
    given = client.post(path, json=body).json()
    assert_shown(shown, given, path)
    results = given.get("results", []) if isinstance(given, dict) else []
    for document, result in zip(body.get("documents", []), results, strict=False):
        for sentence in find_sentences(result):
            assert document["text"][sentence["start"] : sentence["end"]] == sentence["text"]


def assert_shown(shown: Json, given: Json, where: str) -> None:
    """The same keys and values; a text that ends with three dots is the beginning of what is given."""
    if isinstance(shown, dict):
        assert set(shown) == set(given), where
        for key, value in shown.items():
            assert_shown(value, given[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert len(shown) == len(given), where
        for i, value in enumerate(shown):
            assert_shown(value, given[i], f"{where}[{i}]")
    elif isinstance(shown, float):
        assert given == pytest.approx(shown, abs=_ROUNDED), where
    elif isinstance(shown, str) and shown.endswith("..."):
        assert given.startswith(shown.removesuffix("...").rstrip()), where
    else:
        assert given == shown, where


def find_sentences(value: Json) -> Iterator[Json]:
    """Every object that has a text and its place."""
    if isinstance(value, dict):
        if isinstance(value.get("start"), int) and "text" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from find_sentences(part)


@pytest.mark.parametrize("block", [b for b in PYTHON if b not in REMOTE], ids=lambda block: block.page)
def test_the_python_of_a_page_runs(block: Block, default_analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    if "datasets" in block.text:
        pytest.importorskip("datasets")
    monkeypatch.setattr(Analyzer, "load", lambda: default_analyzer)
    exec(block.text, {})


@pytest.mark.parametrize("block", REMOTE, ids=lambda block: block.page)
def test_the_python_of_a_page_runs_against_a_service(block: Block, default_analyzer: Analyzer) -> None:
    with serve_app(make_app(Settings(), lambda: default_analyzer)) as address:
        exec(block.text.replace("http://127.0.0.1:8000", address), {})


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_has_the_options_that_a_page_gives_it(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = shlex.split(line.partition(" | ")[0])
    words = words[words.index("copydesk") + 1 :]
    is_group = words[0] in GROUPS and len(words) > 1 and not words[1].startswith("-")
    command = words[: 2 if is_group else 1]
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["copydesk", *command, "--help"])
    with pytest.raises(SystemExit) as exit_:
        copydesk.main()
    assert not exit_.value.code
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and f"{word} " not in shown] == []


def test_every_part_of_the_benchmarks_is_described() -> None:
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert [part for part in PARTS if f"`{part}`" not in page] == []


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = {shlex.split(line)[1] for line in shell_lines(page) if line.startswith("make ")}
        assert named <= targets, page.name
    listed = {line.split()[1] for line in shell_lines(CONTRIBUTING) if line.startswith("make ")}
    assert listed == targets


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 140

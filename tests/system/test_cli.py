import ast
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import typer

import copydesk
from benchmarks.servers import find_port, wait_until_ready
from copydesk.__main__ import join_commands
from copydesk.model.analyzer import Analyzer
from support.tiny import LABELS, ROOT, STORY, make_tiny_bundle


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The exit code of `copydesk ARGUMENTS`, run in this process."""
    monkeypatch.setattr(sys, "argv", ["copydesk", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        copydesk.main()
    return int(exit_.value.code or 0)


def command_lines(group: Any = None, *names: str) -> list[tuple[str, ...]]:
    """The words of every command; () for them all together."""
    commands = getattr(group or typer.main.get_command(join_commands()), "commands", {})
    found = [] if names and commands else [names]
    for name, command in commands.items():
        found += command_lines(command, *names, name)
    return found


def test_help_names_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("serve", "analyze", "batch", "train", "evaluate", "data", "models"))
    assert ("data", "check") in command_lines()
    assert ("models", "rollback") in command_lines()


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_help_has_an_example_and_fits_80_columns(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(monkeypatch, *words, "--help") == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    examples = [line.strip() for line in shown.partition("Example")[2].splitlines()]
    assert any(" ".join(("copydesk", *words)) in line for line in examples), shown


def test_help_loads_no_model_and_no_server() -> None:
    """All in one process of its own: whatever one of them loads, all have."""
    code = (
        "import sys, copydesk, copydesk.model.bundles.manifest\n"
        f"for words in {command_lines()!r}:\n"
        "    sys.argv = ['copydesk', *words, '--help']\n"
        "    try: copydesk.main()\n"
        "    except SystemExit as end: assert end.code == 0, words\n"
        "print({name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stderr)
    heavy = {"torch", "transformers", "tokenizers", "openvino", "numpy", "pyarrow", "datasets", "matplotlib", "sklearn"}
    assert "typer" in loaded
    assert loaded & (heavy | {"fastapi", "uvicorn", "trafilatura", "ray", "peft", "accelerate"}) == set()


def test_analyze_prints_json_when_no_terminal_reads_it(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(STORY)
    assert run(monkeypatch, "analyze", tmp_path / "a.txt", "--bundle", tiny_bundle, "--sentences", "2") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [tag["label"] for tag in answer["tags"]] == list(LABELS)
    assert len(answer["summary"]["sentences"]) == 2


def test_analyze_answers_once_for_every_name_it_is_given(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(STORY)
    assert run(monkeypatch, "analyze", tmp_path / "a.txt", tmp_path / "a.txt", "--bundle", tiny_bundle) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_analyze_shows_bars_and_the_text_to_a_person(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(STORY)
    assert run(monkeypatch, "analyze", tmp_path / "a.txt", "--bundle", tiny_bundle, "--format", "text") == 0
    shown = capsys.readouterr().out
    assert "█" in shown
    assert "Police found heroin" in shown


def test_data_check_says_by_its_exit_code_whether_the_data_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("peft")
    rows = [{"text": f"story {n} about {('steel', 'rain')[n % 2]}", "labels": ["trade"] * (n % 2)} for n in range(40)]
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text("".join(json.dumps(row) + "\n" for row in rows))
    bad.write_text(good.read_text() + '{"text": "more", "labels": "trade"}\n')
    (tmp_path / "latin1.jsonl").write_bytes(b'{"text": "M\xe4rz", "labels": []}\n')
    assert run(monkeypatch, "data", "check", good, "--report", tmp_path / "report") == 0
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"data.json", "data.html"}
    assert run(monkeypatch, "data", "check", bad) == 1
    assert "bad.jsonl:41: labels is str, expected a list of label names" in capsys.readouterr().out
    assert run(monkeypatch, "data", "check", tmp_path / "latin1.jsonl") == 1
    assert f"{tmp_path}/latin1.jsonl:1: not UTF-8" in capsys.readouterr().err
    assert run(monkeypatch, "data", "check", good, "--labels", "trade,sport") == 1
    assert "label 'sport': no story carries it" in capsys.readouterr().out
    assert run(monkeypatch, "data", "check", tmp_path / "nowhere.jsonl") == 2


SCRAPED = """\
Harbour council backs a second crane
The old crane at dawn. PHOTO: MIRA OLSEN/BAYLINE
PORT HALDEN - The harbour council voted on Monday to buy a second crane, after two years in which ships waited for days.
It will cost 14 million crowns, a third of it paid by the exporters who use the port, and lift its first box in May.
"Every day that a ship waits costs us a week of goodwill," said the harbour master, Ingrid Solheim.
Follow our Telegram channel and get the latest breaking news delivered to you.
Comments
No comments yet...
Related Articles

Valley Herald
2 hours ago
- Valley Herald
Police find 40 kilograms of heroin among tiles
MARLOW - Police found 40 kilograms of heroin in a lorry full of tiles on Friday, the largest find in the valley in ten \
years. Two drivers were arrested and a third man is being sought. The drugs had come by sea and were bound for three \
cities inland, the prosecutor said. A dog named Bella found them under the last of eleven pallets. REUTERS
"""


def test_analyze_shows_the_stories_of_a_page_and_what_it_set_aside(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("page.txt").write_text(SCRAPED)
    assert run(monkeypatch, "analyze", "page.txt", "--bundle", tiny_bundle, "--format", "text") == 0
    stories, _, furniture = capsys.readouterr().out.partition("set aside")
    assert "2 stories" in stories
    assert stories.count("Police find 40 kilograms of heroin among tiles") == 1
    assert "No comments yet..." not in stories
    kinds = dict(
        line.strip().split(maxsplit=1)[::-1]
        for line in furniture.splitlines()
        if len(line.split()) > 1 and "──" not in line
    )
    assert kinds["No comments yet..."] == "comments"
    assert kinds["REUTERS"] == "byline"
    assert kinds["2 hours ago"] == "timestamp"


def test_analyze_reads_an_html_file_and_gives_the_text_that_its_offsets_point_into(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in SCRAPED.splitlines()[2:5])
    (tmp_path / "page.html").write_text(f"<html><body><nav>Home</nav><article>{paragraphs}</article></body></html>")
    assert run(monkeypatch, "analyze", tmp_path / "page.html", "--bundle", tiny_bundle) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"].splitlines() == SCRAPED.splitlines()[2:5]
    assert all(answer["text"][s["start"] : s["end"]] == s["text"] for s in answer["summary"]["sentences"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serv"], "No such command 'serv'; did you mean 'serve'?"),
        (["models", "lst"], "No such command 'lst'; did you mean 'list'?"),
        (["serve", "--prt", "9000"], "No such option: --prt; did you mean --port?"),
        (["analyze"], "Missing argument 'FILE'; --help tells more"),
        (
            ["analyze", "a.txt", "--include", "tags,sumary"],
            "--include sumary: no part of an answer; did you mean 'summary'?",
        ),
        (["analyze", "a.txt", "--focus", "drug"], "--focus drug: the model has no such label; did you mean 'drugs'?"),
        (["analyze", "a.txt", "--store", "nowhere"], "--store nowhere: no such directory"),
        (["analyze", "a.txt", "--store", "models"], "--bundle and --store each name a model; give one of them"),
        (["analyze", "[/red].txt"], "[/red].txt: No such file or directory"),
        (["analyze", "bomb.html"], "bomb.html: the HTML nests more than 1000 elements; send the article as text"),
        (["analyze", "nowhere.txt"], "nowhere.txt: No such file or directory; name a text file"),
        (["analyze", "a.txt", "--bundle", "nowhere"], "bundle.json: not found; name a bundle directory"),
        (["analyze", "a.txt", "--format", "xml"], "'xml' is not one of 'auto', 'text', 'json'"),
        (["analyze", "a.txt", "--device", "abacus"], "device 'abacus' does not work here"),
        (["analyze", "latin1.txt"], "byte 1 is not UTF-8"),
        (["analyze", "empty.txt"], "empty.txt: the text is empty"),
        (["train"], "no labelled story; name a file with --data"),
        (["train", "nowhere.toml"], "nowhere.toml: not found; name a TOML file, or one that ships: corpus, fast, "),
        (["train", "typo.toml"], "unknown key 'batch_storeis' in [optimizer]; did you mean 'batch_stories'?"),
        (["train", "wrong.toml"], "key 'rank' in [encoder]: Input should be a valid integer, got 'many'"),
        (["evaluate"], "give --data, --summaries, --editors or several of them"),
        (["evaluate", "--data", "bad.jsonl"], "bad.jsonl:2: not JSON"),
        (
            ["evaluate", "--data", "unlabelled.jsonl"],
            "unlabelled.jsonl:1: expected an object with the keys text and labels",
        ),
        (["evaluate", "--data", "string.jsonl"], "string.jsonl:1: labels is str, expected a list of label names"),
        (["evaluate", "--data", "other.jsonl"], "label 'sport' is not among the 4 labels"),
    ],
)
def test_a_mistake_ends_with_one_sentence_and_exit_code_2(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = {
        "a.txt": STORY.encode(),
        "latin1.txt": b"M\xe4rz",
        "empty.txt": b" \n",
        "bomb.html": b"<div>" * 5_000 + b"steel",
        "typo.toml": b"[optimizer]\nbatch_storeis = 8\n",
        "wrong.toml": b'[encoder]\nrank = "many"\n',
        "bad.jsonl": b'{"text": "It rained.", "labels": []}\n{\n',
        "unlabelled.jsonl": b'{"text": "It rained."}\n',
        "string.jsonl": b'{"text": "It rained.", "labels": "trade"}\n',
        "other.jsonl": b'{"text": "It rained.", "labels": ["sport"]}\n',
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    needs_bundle = arguments[0] in {"analyze", "evaluate"} and len(arguments) > 1
    if needs_bundle and "nowhere" not in arguments:
        arguments = [*arguments, "--bundle", str(tiny_bundle)]
    assert run(monkeypatch, *arguments) == 2
    *earlier, shown = capsys.readouterr().err.splitlines()
    assert message in shown
    assert not earlier or arguments == ["train"]  # which says first what it starts from


def test_a_crash_has_an_exit_code_of_its_own_and_does_not_show_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError(STORY)

    (tmp_path / "a.txt").write_text(STORY)
    monkeypatch.setattr(Analyzer, "load", crash)
    assert run(monkeypatch, "analyze", tmp_path / "a.txt") == 70
    shown = capsys.readouterr().err
    assert shown.startswith("copydesk crashed: RuntimeError")
    assert "service/cli/analyze.py:" in shown
    assert "Ministers" not in shown


@pytest.mark.parametrize("module", ["typer", "rich", "torch"])
def test_a_missing_dependency_is_named_and_needs_no_traceback(module: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(STORY)
    code = f"import sys; sys.modules[{module!r}] = None; sys.argv = ['copydesk', 'analyze', 'a.txt']; import copydesk"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; copydesk.main()"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    (shown,) = done.stderr.splitlines()
    assert shown.startswith("InstallError: ")
    assert module in shown


def test_a_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(monkeypatch, "serve", "--port", str(port)) == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in capsys.readouterr().err


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COPYDESK_MAX_DOCUMENTS", "many")
    assert run(monkeypatch, "serve") == 2
    assert "COPYDESK_MAX_DOCUMENTS" in capsys.readouterr().err


def test_the_server_answers_and_stops_on_sigterm(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "tiny")
    port = find_port()
    command = [sys.executable, "-m", "copydesk", "serve", "--port", str(port), "--bundle", str(tmp_path / "tiny")]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as server:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", server)
            body = json.dumps({"documents": [{"text": STORY}]}).encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/v1/analyze", body, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=30) as response:
                assert len(json.load(response)["results"]) == 1
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0


def test_serve_names_a_store_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "serve", "--store", tmp_path / "modles") == 2
    assert "modles: no such directory" in capsys.readouterr().err

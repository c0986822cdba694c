"""What is said when a package is missing or broken: it is never a document's fault."""

import functools
import os
import socket
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import copydesk
from copydesk.model import installation
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import InstallError
from copydesk.model.installation import Extra, explain_import, need_extra
from copydesk.model.page.html import pool as html
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import STORY

Break = Callable[[str], object]

PAGE = f"<html><body><p>{STORY}</p></body></html>"
ABSENT = "import nowhere_to_be_found"
MISSING = "No module named 'nowhere_to_be_found'; complete the installation: pip install copydesk"
FAULTS = {
    ABSENT: MISSING,
    # as lxml does where lxml_html_clean is missing
    f"try:\n    {ABSENT}\nexcept ImportError:\n    raise ImportError('now a separate project') from None": MISSING,
    "raise ImportError('libxml2.so.16: cannot open shared object file', name='trafilatura')": (
        "trafilatura: libxml2.so.16: cannot open shared object file; "
        "install it again: pip install --force-reinstall trafilatura"
    ),
    "raise SystemExit(3)": f"the HTML parser does not start; see why with: {sys.executable} -P -m {html._WORKER}",
}


@pytest.fixture
def break_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Break]:
    """Puts this code in the place of trafilatura, for workers that are started from now on."""
    pool = functools.cache(html._pool.__wrapped__)
    monkeypatch.setattr(html, "_pool", pool)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "stub"), *filter(None, sys.path)]))
    (tmp_path / "stub").mkdir()
    yield (tmp_path / "stub" / "trafilatura.py").write_text
    while not pool().empty():
        pool().get().close()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The exit code of `copydesk ARGUMENTS`, run in this process."""
    monkeypatch.setattr(sys, "argv", ["copydesk", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        copydesk.main()
    return int(exit_.value.code or 0)


@pytest.mark.parametrize("code", FAULTS)
def test_a_parser_that_does_not_start_is_a_fault_of_the_installation(code: str, break_parser: Break) -> None:
    break_parser(code)
    for _ in range(2):
        with pytest.raises(InstallError) as caught:
            html.read_html(PAGE)
        assert str(caught.value) == FAULTS[code]


def test_a_parser_that_is_installed_later_is_used(break_parser: Break) -> None:
    break_parser(ABSENT)
    with pytest.raises(InstallError):
        html.check_parser()
    break_parser(
        "import lxml.html\nload_html = lxml.html.document_fromstring\ndef extract(tree, **_): return 'Now it is here.'"
    )
    html.check_parser()
    assert html.read_html(PAGE).text == "Now it is here."


def test_over_http_a_missing_parser_is_the_services_fault_and_texts_are_still_answered(
    break_parser: Break, analyzer: Analyzer
) -> None:
    break_parser(ABSENT)
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        refused = client.post("/v1/analyze", json={"documents": [{"text": STORY}, {"html": PAGE}]})
        answered = client.post("/v1/analyze", json={"documents": [{"text": STORY}]})
    assert refused.status_code == 500
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == f"the service is not completely installed; its operator can mend that: {MISSING}"
    assert answered.status_code == 200


@pytest.mark.parametrize("command", ["analyze page.html", "batch pages.jsonl answers.jsonl", "serve --port {port}"])
def test_a_command_that_needs_the_missing_parser_ends_with_one_sentence(
    command: str,
    break_parser: Break,
    tiny_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    break_parser(ABSENT)
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_text(PAGE)
    Path("pages.jsonl").write_text('{"html": "<p>It rained.</p>"}\n')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert run(monkeypatch, *command.format(port=port).split(), "--bundle", tiny_bundle) == 2
    assert " ".join(capsys.readouterr().err.split()) == f"InstallError: {MISSING}"


def test_a_package_removed_by_hand_is_named(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(STORY)
    monkeypatch.setattr("copydesk.model.network.encoder.encoder.read_bert_config", lambda _: None)  # as of another kind
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert run(monkeypatch, "analyze", tmp_path / "a.txt", "--bundle", tiny_bundle) == 2
    assert capsys.readouterr().err == (
        "InstallError: transformers: import of transformers halted; None in sys.modules; "
        "install it again: pip install --force-reinstall transformers\n"
    )


def test_a_package_whose_files_are_gone_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "packages_distributions", dict)
    fault = explain_import(ModuleNotFoundError("No module named 'peft'", name="peft"))
    assert str(fault) == "peft: No module named 'peft'; install it again: pip install --force-reinstall peft"


def test_a_fault_without_a_name_is_told_as_it_is() -> None:
    fault = explain_import(ImportError("no version of this library for this processor"))
    expected = "no version of this library for this processor; complete the installation: pip install copydesk"
    assert str(fault) == expected


def test_a_fault_of_our_own_is_not_taken_for_a_missing_package() -> None:
    error = ImportError("cannot import name 'anlayze'", name="copydesk.model.analyzer")
    with pytest.raises(ImportError, match="anlayze"):
        explain_import(error)


@pytest.mark.parametrize(("extra", "package"), [("train", "peft"), ("train", "rouge-score"), ("ray", "ray")])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    extra: Extra, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> object:
        if name == package:
            raise PackageNotFoundError(name)
        return distribution(name)

    need_extra(extra, "this")
    monkeypatch.setattr(installation, "distribution", find)
    with pytest.raises(InstallError) as caught:
        need_extra(extra, "this")
    assert str(caught.value) == f"this needs {package}; pip install 'copydesk[{extra}]'"


def test_the_version_is_that_of_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copydesk.__version__ == version("copydesk")
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"copydesk {version('copydesk')}\n"

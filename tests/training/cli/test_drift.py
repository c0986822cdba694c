"""`copydesk drift` and `copydesk drift reference`, on windows that a service could have kept."""

import json
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.__main__ import join_commands
from copydesk.model.bundles.manifest import Bundle, load_manifest
from copydesk.model.drift.reference import find_reference, make_reference, write_reference
from copydesk.model.drift.windows import Window, keep_window
from copydesk.model.errors import CopydeskError
from support.drift import N_WINDOWS, compose_analyses, sum_analyses
from support.tiny import STORY, make_tiny_bundle

N = 500
SMALL = compose_analyses(1)[0].text.lower()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with a reference."""
    directory = tmp_path_factory.mktemp("model") / "tiny"
    bundle = make_tiny_bundle(directory)
    made = make_reference(bundle, compose_analyses(1000), "composed", n_windows=N_WINDOWS)
    write_reference(directory / "reference.json", made)
    return directory


@pytest.fixture(scope="module")
def bundle(model: Path) -> Bundle:
    return load_manifest(model)


def drift(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of `copydesk drift`."""
    environment = {"COLUMNS": "200", "COPYDESK_DRIFT_DIR": "", "COPYDESK_MODELS_DIR": ""}
    result = CliRunner().invoke(join_commands(), ["drift", *map(str, arguments)], env=environment)
    if isinstance(result.exception, CopydeskError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, " ".join(result.output.split())


def keep(folder: Path, bundle: Bundle, *texts: str | None) -> Path:
    """A window for each; of the usual text where there is none."""
    for n, text in enumerate(texts):
        analyses = compose_analyses(N, n + 1) if text is None else compose_analyses(N, n + 1, text=text)
        keep_window(folder, bundle, Window(60.0 * n, 60.0 * n + 60, sum_analyses(analyses)))
    return folder


def test_windows_of_the_same_kind_are_no_drift(model: Path, bundle: Bundle, tmp_path: Path) -> None:
    code, shown = drift("--windows", keep(tmp_path, bundle, None, None, None), "--bundle", model)
    assert code == 0
    assert "3 windows, 1970-01-01 00:00Z to 1970-01-01 00:03Z, beside composed" in shown
    assert "No drift" in shown


def test_drift_is_told_by_the_exit_code_and_in_a_report_without_texts(
    model: Path, bundle: Bundle, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    windows = keep(tmp_path / "windows", bundle, None, *[SMALL] * 3)
    code, shown = drift("--windows", windows, "--bundle", model, "--report", tmp_path / "report")
    assert code == 1
    assert "Drift: the texts as a whole" in shown
    found = json.loads((tmp_path / "report" / "drift.json").read_text())
    assert found["raised"] == ["*"]
    assert [change["measure"] for change in found["changes"] if change["is_raised"]] == ["capitals"]
    assert [len(change["distances"]) for change in found["changes"]] == [4] * len(found["changes"])
    html = (tmp_path / "report" / "drift.html").read_text()
    assert html.count("<svg") == 2
    assert "ministers" not in html


def test_only_the_last_windows_are_looked_at(model: Path, bundle: Bundle, tmp_path: Path) -> None:
    windows = keep(tmp_path, bundle, *[SMALL] * 3, None)
    code, shown = drift("--windows", windows, "--bundle", model, "--last", "2")
    assert code == 0
    assert "2 windows" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--windows: name the folder that the service keeps its windows in"),
        (["--windows", "nowhere"], "nowhere: no such folder"),
        (["--windows", "."], ".: no window of 500 texts of tiny"),
    ],
)
def test_what_is_missing_is_named(model: Path, arguments: list[str], message: str) -> None:
    code, said = drift(*arguments, "--bundle", model)
    assert code == 2
    assert message in said


def test_a_model_without_a_reference_says_how_to_make_one(tiny_bundle: Path, tmp_path: Path) -> None:
    code, said = drift("--windows", tmp_path, "--bundle", tiny_bundle)
    assert code == 2
    assert "has no reference; make one with `copydesk drift reference" in said


def test_a_reference_is_made_of_files_and_wins_over_the_models_own(
    model: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.training.evaluation.reference.make_reference", partial(make_reference, n_windows=2))
    rows = [{"text": f"{STORY} It was day {n}."} for n in range(N)] + [{"html": f"<p>{STORY}</p>" * 3}, {"title": "a"}]
    (tmp_path / "january.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = tmp_path / "windows"
    code, said = drift("reference", tmp_path / "january.jsonl", "--bundle", model, "--windows", folder)
    assert (code, f"{N + 1} texts of january.jsonl are the reference of" in said) == (0, True)
    found = find_reference(bundle, folder, model)
    assert found is not None
    assert (found.source, found.window, found.sums.n) == ("january.jsonl", 500, N + 1)


def test_rows_without_texts_make_no_reference(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "a"}\n')
    code, said = drift("reference", tmp_path / "a.jsonl", "--bundle", model)
    assert code == 2
    assert "no row has a text" in said

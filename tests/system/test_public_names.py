import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import copydesk
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import ROOT, STORY

TYPES = {"Analysis", "Analyzer", "CopydeskError", "DatasetMap", "Document", "Failure", "Options", "SummaryOptions"}


def run(code: str, folder: Path) -> str:
    """What Python prints when it is started in this folder, which stands first on its path as for a user."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_public_names_are_these() -> None:
    assert set(copydesk.__all__) == TYPES | {"main", "to_dict"}
    assert set(copydesk.__all__) <= set(dir(copydesk))
    with pytest.raises(AttributeError, match="module 'copydesk' has no attribute 'Analyser'"):
        copydesk.Analyser  # noqa: B018


def test_importing_copydesk_loads_nothing_of_it(tmp_path: Path) -> None:
    code = "import copydesk, sys; print([name for name in sys.modules if name.startswith('copydesk')])"
    assert run(code, tmp_path) == "['copydesk']\n"


def test_every_public_name_is_found_beside_modules_of_the_names_of_our_folders(tmp_path: Path) -> None:
    """The import name of the source tree, as an editable install puts it on the path: behind the user's folder."""
    types = ", ".join(sorted(TYPES))
    code = (
        f"from copydesk import {types}\n"
        "import copydesk, model, service, training\n"
        "assert model.MINE and service.MINE and training.MINE\n"
        f"print(sorted(one.__name__ for one in ({types})))\n"
    )
    for name in ("model.py", "service/__init__.py", "training/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("MINE = True\n")
    assert run(code, tmp_path) == f"{sorted(TYPES)}\n"


def test_a_result_becomes_the_object_that_http_gives(analyzer: copydesk.Analyzer) -> None:
    good, bad = analyzer.analyze_many([copydesk.Document(STORY, id="a1"), ""])
    with TestClient(make_app(Settings(), lambda: analyzer)) as client:
        answer = client.post("/v1/analyze", json={"documents": [{"id": "a1", "text": STORY}, {"text": ""}]}).json()
    assert json.loads(json.dumps([copydesk.to_dict(good), copydesk.to_dict(bad)])) == answer["results"]

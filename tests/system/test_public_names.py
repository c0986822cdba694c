import os
import subprocess
import sys
from pathlib import Path

import pytest

import copydesk
from support.tiny import ROOT

NAMES = {"Analysis", "Analyzer", "CopydeskError", "DatasetMap", "Document", "Failure", "Options", "SummaryOptions"}


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
    assert set(copydesk.__all__) == NAMES | {"main"}
    assert set(copydesk.__all__) <= set(dir(copydesk))
    with pytest.raises(AttributeError, match="module 'copydesk' has no attribute 'Analyser'"):
        copydesk.Analyser  # noqa: B018


def test_importing_copydesk_loads_nothing_of_it(tmp_path: Path) -> None:
    code = "import copydesk, sys; print([name for name in sys.modules if name.startswith('copydesk')])"
    assert run(code, tmp_path) == "['copydesk']\n"


def test_every_public_name_is_found_beside_modules_of_the_names_of_our_folders(tmp_path: Path) -> None:
    """The import name of the source tree, as an editable install puts it on the path: behind the user's folder."""
    names = ", ".join(sorted(NAMES))
    code = (
        f"from copydesk import {names}\n"
        "import copydesk, model, service, training\n"
        "assert model.MINE and service.MINE and training.MINE\n"
        f"print(sorted(one.__name__ for one in ({names})))\n"
    )
    for name in ("model.py", "service/__init__.py", "training/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("MINE = True\n")
    assert run(code, tmp_path) == f"{sorted(NAMES)}\n"

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.tiny import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(ROOT),
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(folder),
    ]
    subprocess.run(command, check=True, timeout=300)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_all_that_serving_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        "copydesk/__init__.py",
        "copydesk/service/http/page.html",
        "copydesk/model/default/bundle.json",
        "copydesk/model/default/weights.safetensors",
    } <= set(names)
    assert {name.split("/")[0] for name in names} <= {"copydesk"} | {
        name.split("/")[0] for name in names if ".dist-info/" in name
    }


def test_a_story_is_analysed_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import copydesk.model.bundles.manifest as manifest; assert manifest.__file__.startswith(sys.path[0])\n"
        "from copydesk import Analyzer\n"
        "analysis = Analyzer.load(device='cpu').analyze('Police seized heroin at the port. Two men were held.')\n"
        "print([tag.label for tag in analysis.story.tags])\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['trade', 'security', 'taiwan', 'drugs']"

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from support.packages import needed
from support.tiny import ROOT


def build(source: Path, target: str, out: Path) -> Path:
    """Build a "wheel" or "sdist" of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=300)
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_all_that_serving_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        "copydesk/__init__.py",
        "copydesk/service/http/static/docs.html",
        "copydesk/service/http/static/page.html",
        "copydesk/model/default/bundle.json",
        "copydesk/model/default/reference.json",
        "copydesk/model/default/weights.safetensors",
    } <= set(names)
    assert {name.split("/")[0] for name in names} <= {"copydesk"} | {
        name.split("/")[0] for name in names if ".dist-info/" in name
    }


def test_the_wheel_holds_the_configs_that_run_without_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    configs = {Path(name).name for name in names if name.startswith("copydesk/configs/")}
    assert configs == {"corpus.toml", "fast.toml", "fast_tags.toml", "few_shot.toml", "topics.toml", "train.toml"}


def test_a_wheel_of_the_source_archive_is_the_same(wheel: Path, tmp_path: Path) -> None:
    archive = build(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(archive) as files:
        files.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert build(source, "wheel", tmp_path / "again").read_bytes() == wheel.read_bytes()


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT / "client", "wheel", tmp_path_factory.mktemp("client"))


def test_the_clients_wheel_holds_the_client_as_the_other_wheel_does(wheel: Path, client_wheel: Path) -> None:
    whole, alone = zipfile.ZipFile(wheel), zipfile.ZipFile(client_wheel)
    modules = [name for name in alone.namelist() if ".dist-info/" not in name]
    assert modules == [name for name in whole.namelist() if name.startswith("copydesk/client/")]
    assert [name for name in modules if alone.read(name) != whole.read(name)] == []
    assert "copydesk/client/blocking.py" in modules


def test_the_client_has_the_version_of_copydesk_and_asks_for_no_more_than_it() -> None:
    whole, alone = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (ROOT, ROOT / "client")
    )
    typescript = json.loads((ROOT / "client" / "typescript" / "package.json").read_text(encoding="utf-8"))
    assert alone["version"] == typescript["version"] == whole["version"]
    assert set(alone["dependencies"]) <= set(whole["dependencies"])


def test_the_client_needs_nothing_that_its_wheel_does_not_ask_for(client_wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(client_wheel).extractall(tmp_path)
    (metadata,) = tmp_path.glob("*.dist-info/METADATA")
    asked = needed(re.findall(r"^Requires-Dist: (.+)$", metadata.read_text(encoding="utf-8"), re.MULTILINE))
    assert not {"torch", "numpy", "transformers", "fastapi"} & set(asked)
    modules = packages_distributions()
    others = [top for top, names in modules.items() if not {*map(canonicalize_name, names)} & {*asked, "copydesk"}]
    code = (
        "import sys; from pathlib import Path\n"
        "class Nothing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {others!r}: raise ModuleNotFoundError(name)\n"
        "sys.path[:] = [here for here in sys.path if not Path(here, 'copydesk/__init__.py').exists()]\n"
        "sys.meta_path.insert(0, Nothing())\n"
        "from copydesk.client import Client, AsyncClient, ResultOut, UnavailableError\n"
        "try:\n    Client('http://127.0.0.1:9', patience_s=0).analyze('a')\n"
        "except UnavailableError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the model: no answer (ConnectError); nothing was answered for ")


def test_a_story_is_analysed_from_the_installed_wheel_beside_folders_of_the_same_names(
    wheel: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    (tmp_path / "model.py").write_text("raise AssertionError('somebody else\\'s')")
    for name in ("service", "training"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise AssertionError('somebody else\\'s')")
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import copydesk.model.bundles.manifest as manifest; assert manifest.__file__.startswith(sys.path[0])\n"
        "from copydesk import Analyzer\n"
        "analysis = Analyzer.load(device='cpu').analyze('Police seized heroin at the port. Two men were held.')\n"
        "print([tag.label for tag in analysis.story.tags])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['trade', 'security', 'taiwan', 'drugs']"

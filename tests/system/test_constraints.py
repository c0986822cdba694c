"""constraints.txt pins whatever an installation brings, at the version that is installed here."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.packages import needed
from support.tiny import ROOT

OURS = "copydesk"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS: dict[str, Requirement] = {
    canonicalize_name(pin.name): pin for pin in map(Requirement, (line for line in LINES if line[0] != "#"))
}
EXTRAS = [line for lines in PYPROJECT["project"]["optional-dependencies"].values() for line in lines]
INSTALLED = [*PYPROJECT["project"]["dependencies"], *EXTRAS]
GROUPS = [line for lines in PYPROJECT["dependency-groups"].values() for line in lines]
BUILD = [*PYPROJECT["build-system"]["requires"], *GROUPS]


def test_every_package_of_a_full_install_is_pinned_at_its_version() -> None:
    strays = {
        name: version
        for name, version in needed(INSTALLED).items()
        if name != OURS and not (name in PINS and (not version or PINS[name].specifier.contains(version)))
    }
    assert strays == {}


def test_every_pin_keeps_what_is_declared() -> None:
    requirements = [requirement for requirement in map(Requirement, [*INSTALLED, *BUILD]) if requirement.name != OURS]
    versions = {line: str(PINS[canonicalize_name(line.name)].specifier).removeprefix("==") for line in requirements}
    assert [str(line) for line, version in versions.items() if not line.specifier.contains(version)] == []


def test_torch_is_what_the_engine_was_built_on() -> None:
    assert str(PINS["torch"]) == "torch==2.13.0"


def test_the_pins_name_no_index_and_the_command_that_compiles_them() -> None:
    assert "make lock" in "".join(LINES[:2])
    assert [line for line in LINES[2:] if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line)] == []

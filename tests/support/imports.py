"""Who imports what, read from the source, and which extras are known to be there when it does."""

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from support.tiny import ROOT

OURS = "copydesk"
GUARD = "need_extra"
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Place:
    """A line, and the outermost function that it stands in; none at the top of a module."""

    module: str
    function: str | None
    line: int


@dataclass
class Source:
    """What a module imports, and for each function of its own or of others: where it is called."""

    imports: list[tuple[str, Place]] = field(default_factory=list)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # local name -> module and name there
    calls: list[tuple[str, Place]] = field(default_factory=list)  # local name
    guards: list[tuple[str, Place]] = field(default_factory=list)  # extra


def find_modules(package: str) -> list[str]:
    """Every module of a package, by name."""
    folders = os.walk(ROOT.joinpath(*package.split(".")), followlinks=True)
    paths = [Path(folder, file).relative_to(ROOT) for folder, _, files in folders for file in files]
    return sorted(
        ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths if path.suffix == ".py"
    )


def walk_imports(
    entries: Iterable[str], extras: frozenset[str] = NOTHING
) -> Iterator[tuple[Place, str, frozenset[str]]]:
    """Every import of others' modules that the entries reach: its place, the module, and the extras known there."""
    waiting = [(module, extras) for module in entries]
    seen = set(waiting)
    while waiting:
        module, known = waiting.pop()
        for name, place in read_source(module).imports:
            state = name, known | _extras_at(place)
            if name.partition(".")[0] != OURS:
                yield place, *state
            elif state not in seen:
                seen.add(state)
                waiting.append(state)


@cache
def read_source(module: str) -> Source:
    """What the source of one of our modules says; imports for types alone are left out."""
    source = Source()
    for name in _parents(module):
        source.imports.append((name, Place(module, None, 1)))
    _read(ast.parse(_path(module).read_text(encoding="utf-8")), Place(module, None, 0), source)
    return source


def _read(node: ast.AST, place: Place, source: Source) -> None:
    for child in ast.iter_child_nodes(node):
        here = Place(place.module, place.function, getattr(child, "lineno", place.line))
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            source.names.setdefault(child.name, (place.module, child.name))
            here = Place(place.module, place.function or child.name, child.lineno)
        elif isinstance(child, ast.Import):
            source.imports += [(name, here) for alias in child.names for name in (alias.name, *_parents(alias.name))]
        elif isinstance(child, ast.ImportFrom):
            _read_from(child, here, source)
        elif isinstance(child, ast.Call):
            _read_call(child, here, source)
        _read(child, here, source)


def _read_from(node: ast.ImportFrom, place: Place, source: Source) -> None:
    module = node.module or ""
    source.imports += [(name, place) for name in (module, *_parents(module))]
    for alias in node.names:
        source.names[alias.asname or alias.name] = module, alias.name
        if module.partition(".")[0] == OURS and _find(f"{module}.{alias.name}"):
            source.imports.append((f"{module}.{alias.name}", place))


def _read_call(node: ast.Call, place: Place, source: Source) -> None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
    if name == GUARD:
        extra = ast.literal_eval(node.args[0]) if node.args else "train"
        source.guards.append((extra, place))
    elif name and isinstance(node.func, ast.Name):
        source.calls.append((name, place))


def _extras_at(place: Place, within: frozenset[tuple[str, str]] = frozenset()) -> frozenset[str]:
    """Extras that were asked for before this line in its function, or before every call of the function."""
    if place.function is None:
        return NOTHING
    guards = read_source(place.module).guards
    asked = frozenset(extra for extra, at in guards if at.function == place.function and at.line < place.line)
    function = place.module, place.function
    callers = [caller for caller in _calls().get(function, ()) if (caller.module, caller.function) not in within]
    if not callers:
        return asked
    return asked | frozenset.intersection(*(_extras_at(caller, within | {function}) for caller in callers))


@cache
def _calls() -> Mapping[tuple[str, str], list[Place]]:
    """Where each function of ours is called by its name."""
    calls: dict[tuple[str, str], list[Place]] = {}
    for module in find_modules(OURS):
        source = read_source(module)
        for name, place in source.calls:
            if name in source.names:
                calls.setdefault(source.names[name], []).append(place)
    return calls


def _parents(module: str) -> list[str]:
    """The packages that are imported with one of our modules."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))] if parts[0] == OURS else []


def _path(module: str) -> Path:
    path = _find(module)
    if path is None:
        raise FileNotFoundError(f"{module}: no such module in {ROOT}")
    return path


def _find(module: str) -> Path | None:
    folder = ROOT.joinpath(*module.split("."))
    return next((path for path in (folder.with_suffix(".py"), folder / "__init__.py") if path.is_file()), None)

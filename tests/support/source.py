"""What the source says, read without running it."""

import ast
from collections.abc import Iterator
from functools import cache

from support.tiny import ROOT


@cache
def modules() -> tuple[ast.Module, ...]:
    """Every module of the project, parsed."""
    paths = [*(ROOT / "copydesk").glob("*.py")]
    for folder in ("model", "service", "training"):
        paths += sorted((ROOT / folder).rglob("*.py"))
    return tuple(ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in paths)


def calls(*names: str) -> Iterator[ast.Call]:
    """Every call of a function or class of one of these names."""
    for node in _nodes():
        if isinstance(node, ast.Call) and _name(node.func) in names:
            yield node


def assigned(*names: str) -> Iterator[ast.expr]:
    """Every value given to a variable or attribute of one of these names."""
    for node in _nodes():
        if isinstance(node, ast.Assign) and any(_name(target) in names for target in node.targets):
            yield node.value


def subclasses(base: str) -> set[str]:
    """The names of all classes under the class of this name."""
    classes = [node for node in _nodes() if isinstance(node, ast.ClassDef)]
    found = {base}
    while more := {c.name for c in classes if found & {_name(b) for b in c.bases}} - found:
        found |= more
    return found - {base}


def integers(node: ast.AST) -> set[int]:
    """Every integer that stands in the expression."""
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and type(n.value) is int}


def _nodes() -> Iterator[ast.AST]:
    for module in modules():
        yield from ast.walk(module)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""

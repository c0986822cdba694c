import re

from support.markdown import DOCS, code_blocks
from support.tiny import ROOT

FOLDERS = ("client", "model", "service", "training")


def test_the_tree_names_every_package_and_nothing_that_is_not_there() -> None:
    tree = code_blocks(DOCS / "architecture.md", "text")[0].text
    named, parents = set(), [""]
    for indent, name in re.findall(r"^( *)([\w.]+)/? ", tree, re.MULTILINE):
        parents[len(indent) // 2 :] = [name]
        named.add("/".join(parents))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    packages = {
        path.parent.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("__init__.py")
    }
    assert packages - named == set()

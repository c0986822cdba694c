"""The house: how many modules a room holds, and that its imports run one way."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from support.tiny import ROOT

_MAX_MODULES = 14
PUBLIC = ROOT / "client"  # its __init__ also has the names that its users import
TOPS = ("client", "model", "service", "training")
ROOMS = sorted(path.parent for top in TOPS for path in (ROOT / top).rglob("__init__.py"))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_holds_as_many_modules_as_one_can_look_over(room: Path) -> None:
    modules = [path.name for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= _MAX_MODULES, modules


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_says_its_purpose_in_one_line(room: Path) -> None:
    lines = (room / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 or room == PUBLIC
    assert lines[0].startswith('"""')
    assert lines[0].endswith('."""')


def test_no_file_imports_another_that_imports_it_in_turn() -> None:
    graph = grimp.build_graph("copydesk", cache_dir=None)  # imports for types alone, and inside functions, included
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))

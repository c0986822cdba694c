import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.model.files.disk import PARTIAL, clear_partial, whole_directory, whole_file, write_lines


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is synced, in order."""
    names: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        names.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return names


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_put_in_place_when_it_and_its_name_can_survive(tmp_path: Path, synced: list[str]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with whole_file(target) as new:
        new.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert listed(tmp_path) == ["a.txt"]
    assert synced == [new.name, tmp_path.name]


def test_a_directory_is_put_in_place_when_its_files_and_their_names_can_survive(
    tmp_path: Path, synced: list[str]
) -> None:
    target = tmp_path / "bundle"
    for content in ("old", "new"):
        synced.clear()
        with whole_directory(target) as new:
            (new / "a").write_text(content)
    assert (target / "a").read_text() == "new"
    assert listed(tmp_path) == ["bundle"]
    assert synced == ["a", new.name, tmp_path.name]


@pytest.mark.parametrize("write", [whole_file, whole_directory])
@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.rename"])
def test_what_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = tmp_path / "x"
    if write is whole_directory:
        target.mkdir()
        (target / "a").write_text("old")
    else:
        target.write_text("old")
    monkeypatch.setattr(broken, fail)
    if broken == ("pathlib.Path.rename" if write is whole_file else "pathlib.Path.replace"):
        monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"), write(target) as new:  # type: ignore[operator]  # either of them
        (new / "a" if write is whole_directory else new).write_text("new")
    assert listed(tmp_path) == ["x"]
    assert (target / "a" if write is whole_directory else target).read_text() == "old"


def test_the_mode_of_files_and_directories_is_what_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    with whole_file(tmp_path / "file") as new:
        new.write_text("")
    with whole_directory(tmp_path / "folder") as new:
        (new / "a").touch(mode=0o600)
    with whole_directory(tmp_path / "fixed", file_mode=0o444) as new:
        (new / "a").write_text("")
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("file", "folder", "folder/a", "fixed/a")}
    wanted = {"file": 0o666, "folder": 0o777, "folder/a": 0o666, "fixed/a": 0o444}
    assert modes == {name: mode & ~umask for name, mode in wanted.items()}


def test_what_killed_writers_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / f".a{PARTIAL}1").mkdir()
    (tmp_path / f".a{PARTIAL}1" / "half").write_text("")
    (tmp_path / f".b{PARTIAL}2").write_text("")
    (tmp_path / "notes").write_text("")
    clear_partial(tmp_path)
    assert listed(tmp_path) == ["notes"]


def test_lines_that_cannot_be_written_name_their_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "new" / "a.jsonl", ["1", "2"])
    assert (tmp_path / "new" / "a.jsonl").read_text() == "1\n2\n"
    with pytest.raises(DataError, match=r"a\.jsonl/b: cannot be written: .*; nothing has changed"):
        write_lines(tmp_path / "new" / "a.jsonl" / "b", ["1"])

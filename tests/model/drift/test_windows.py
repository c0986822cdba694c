import json
from pathlib import Path

import pytest

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.drift import windows
from copydesk.model.drift.windows import Window, keep_window, read_windows
from copydesk.model.errors import DataError
from support.drift import compose_analyses, sum_analyses


def make_window(n: int, end: float) -> Window:
    return Window(end - 60, end, sum_analyses(compose_analyses(n, int(end))))


def test_windows_come_back_in_order(bundle: Bundle, tmp_path: Path) -> None:
    for end in (300, 100, 200):
        keep_window(tmp_path, bundle, make_window(5, end))
    assert [(window.start, window.end) for window in read_windows(tmp_path, bundle, 5)] == [
        (40, 100),
        (140, 200),
        (240, 300),
    ]


def test_small_windows_add_up_and_what_is_left_waits(bundle: Bundle, tmp_path: Path) -> None:
    for n, end in ((3, 100), (4, 200), (9, 300), (2, 400)):
        keep_window(tmp_path, bundle, make_window(n, end))
    read = read_windows(tmp_path, bundle, 6)
    assert [(window.start, window.end, window.sums.n) for window in read] == [(40, 200, 7), (240, 300, 9)]


def test_a_window_holds_no_text(bundle: Bundle, tmp_path: Path) -> None:
    keep_window(tmp_path, bundle, make_window(5, 100))
    (path,) = tmp_path.rglob("*.json")
    content = json.loads(path.read_text())
    assert set(content) == {"schema", "model", "labels", "start", "end", "sums"}
    assert content["sums"].pop("n") == 5
    assert {type(number) for numbers in content["sums"].values() for number in numbers} == {float}


def test_old_windows_are_removed(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_KEPT", 2)
    for end in (100, 200, 300):
        keep_window(tmp_path, bundle, make_window(5, end))
    assert [window.end for window in read_windows(tmp_path, bundle, 5)] == [200, 300]


def test_a_folder_without_windows_gives_none(bundle: Bundle, tmp_path: Path) -> None:
    assert read_windows(tmp_path / "nowhere", bundle, 5) == []


def test_a_file_that_is_no_window_is_named(bundle: Bundle, tmp_path: Path) -> None:
    keep_window(tmp_path, bundle, make_window(5, 100))
    (path,) = tmp_path.rglob("*.json")
    path.write_text("{}")
    with pytest.raises(DataError, match=f"{path.name}: not a window of schema 1; remove it"):
        read_windows(tmp_path, bundle, 5)

import io
import json
from typing import Any

import pytest

from copydesk.model.files.json_rows import json_rows


def read(content: str | bytes, max_row: int = 1000) -> list[tuple[int, Any]]:
    """The line of each row, and its value or the beginning of what is wrong with it."""
    data = content if isinstance(content, bytes) else content.encode()
    return [(row.line, row.problem or row.values) for row in json_rows(io.BytesIO(data), max_row)]


ITEMS = [{"a": 'x "y" \\ z'}, {"b": ["[", "]", {"c": "},"}]}, {}, 3, "text, [more]", None, [[1], [2]]]


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_a_list_gives_its_items(indent: int | None) -> None:
    assert [value for _, value in read(json.dumps(ITEMS, indent=indent))] == ITEMS


def test_an_item_has_the_line_where_it_begins() -> None:
    assert read('\n[\n {"a": 1},\n\n {"b":\n  2}, {"c": 3}]\n') == [(3, {"a": 1}), (5, {"b": 2}), (6, {"c": 3})]


def test_a_list_on_one_line_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(1, 30):  # wherever a piece ends, also behind a backslash
        monkeypatch.setattr("copydesk.model.files.json_rows._PIECE", n)
        content = "[\n" + ", ".join(json.dumps(item) for item in ITEMS) + "]"
        assert [value for _, value in read(content)] == ITEMS


def test_a_bad_item_spoils_no_other() -> None:
    rows = read('[{"a": 1},\n{"a"},\n{"b": 2}\n]')
    assert rows[::2] == [(1, {"a": 1}), (3, {"b": 2})]
    assert rows[1][0] == 2
    assert rows[1][1].startswith(
        "not JSON (Expecting ':' delimiter: line 1 column 5 (char 4)); expected one object per"
    )


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("[]", []),
        ("[ ]\n\n", []),
        ('[{"a": 1},]', [(1, {"a": 1})]),
        ('[{"a": 1}', [(1, {"a": 1}), (1, "the list has no end; export the file again")]),
        ('[{"a": 1}] x\n', [(1, {"a": 1}), (1, "the line goes on behind the list; export the file again")]),
        ('[{"a": 1}]\n{"b": 2}\n', [(1, {"a": 1}), (2, {"b": 2})]),
        ('{"a": 1}\n[{"b": 2}]\n', [(1, {"a": 1}), (2, [{"b": 2}])]),
    ],
)
def test_what_stands_around_a_list_is_not_lost(content: str, rows: list[tuple[int, Any]]) -> None:
    assert read(content) == rows


def test_an_item_that_is_too_long_is_passed_over() -> None:
    long = {"a": "x" * 100}
    content = json.dumps([long, {"b": 1}, long], indent=1)
    problem = "the item is longer than 50 bytes; expected a list of objects"
    assert read(content, max_row=50) == [(2, problem), (5, {"b": 1}), (8, problem)]
    assert [value for _, value in read(json.dumps([{"b": 1}, long, {"b": 2}]), max_row=50)] == [
        {"b": 1},
        problem,
        {"b": 2},
    ]


def test_half_a_character_is_read_as_it_is_written() -> None:
    assert read('{"a": "\\ud83d"}') == [(1, {"a": "\ud83d"})]


@pytest.mark.parametrize("content", [b'{"a": "\xe9"}', b'{"a": "\xed\xa0\xbd"}', b'[{"a": "\xe9"}]'])
def test_a_value_that_is_not_utf8_is_named(content: bytes) -> None:
    ((line, problem),) = read(content)
    assert (line, problem[:26]) == (1, "not UTF-8; convert the fil")


def test_nesting_without_end_is_named() -> None:
    ((_, problem),) = read('{"a":' * 100_000, max_row=10**7)
    assert problem.startswith("not JSON (nested too deeply)")

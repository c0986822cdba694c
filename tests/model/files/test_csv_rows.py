import io
from collections.abc import Sequence

import pytest

from copydesk.model.errors import DataError
from copydesk.model.files.csv_rows import csv_columns, csv_rows
from copydesk.model.files.dialect import DELIMITERS
from copydesk.model.files.row import Row

UNCLOSED = "not CSV: quote never closed"
NOT_DOUBLED = 'not CSV: a quote inside a quoted cell is not doubled; write "" for it'


def rows_of(content: str | bytes, max_row: int = 1000, delimiters: Sequence[str] = DELIMITERS) -> list[Row]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(csv_rows(io.BytesIO(data), "a.csv", ("id", "text"), delimiters, max_row))


def read(content: str, max_row: int = 1000) -> list[tuple[int, list[str] | str]]:
    """The line of each row, and its cells or what is wrong with it."""
    return [(row.line, row.problem or list(row.values.values())) for row in rows_of(content, max_row)]


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ('1,"a, b"', ["1", "a, b"]),
        ('1,"a ""b"" c"', ["1", 'a "b" c']),
        ('"1",""', ["1", ""]),
        ('1,""""', ["1", '"']),
        ('1,"""a"" b"', ["1", '"a" b']),
        ('1,The 12" pipe', ["1", 'The 12" pipe']),
        ('1,"said "no" on"', ["1", 'said "no" on']),
        (',"a"', ["", "a"]),
        ("1,  a ", ["1", "  a "]),
        ("1,Zürich", ["1", "Zürich"]),
        ('1,"Zürich, ""ja"""', ["1", 'Zürich, "ja"']),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_a_row_is_read(content: str, cells: list[str], end: str) -> None:
    assert read(f"id,text{end or chr(10)}{content}{end}") == [(2, cells)]


def test_a_cell_of_several_lines_is_kept_as_it_is() -> None:
    content = 'id,text\n1,"one\r\n\r\n""two"", three\n"\n\n2,b\n'
    assert read(content) == [(2, ["1", 'one\r\n\r\n"two", three\n']), (7, ["2", "b"])]


@pytest.mark.parametrize(
    "below",
    [
        "3,b\n4,c\n",
        '3,"b, ""b"" b"\n4,c\n',
        '3,"b\nb"\n4,c\n',
        '"3","b"\n4,c\n',
        '3,12" b\n4,"c"\n',
        '3,""\n4,c\n',
    ],
)
def test_a_quote_that_never_closes_costs_its_own_line_and_no_other(below: str) -> None:
    content = 'id,text\n1,a\n2,"never ends\n' + below
    assert read(content)[:2] == [(2, ["1", "a"]), (3, UNCLOSED)]
    assert read(content)[2:] == [(line + 2, cells) for line, cells in read(f"id,text\n{below}")]
    assert len(read(content)) == 4


def test_a_sloppy_quote_at_the_end_of_a_cell_is_no_guess() -> None:
    assert read('id,text\n1,"said "yes""\n2,"b"\n') == [(2, UNCLOSED), (3, ["2", "b"])]


def test_several_quotes_that_never_close_cost_a_line_each() -> None:
    content = 'id,text\n1,"a\n2,b\n3,"c\n"4,d\n5,e'
    assert read(content) == [(2, UNCLOSED), (3, ["2", "b"]), (4, UNCLOSED), (5, UNCLOSED), (6, ["5", "e"])]


@pytest.mark.parametrize(
    "cell", ['"said "no", and left"', '"a 12" pipe"', '""No" he said, and left"', '"one" and two"']
)
def test_a_quote_that_may_close_a_cell_or_not_is_no_guess(cell: str) -> None:
    assert read(f"id,text\n1,{cell}\n2,b\n") == [(2, NOT_DOUBLED), (3, ["2", "b"])]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("id,text", ","),
        ("id;title;text", ";"),
        ("id\ttext", "\t"),
        ("id|text", "|"),
        ("text;a,b,c,d", ";"),
        ('"id";"text"', ";"),
        ("id ; text", ";"),
        ("a;b;c,d", ";"),
        ("text", ","),
    ],
)
def test_the_delimiter_is_told_by_the_header(header: str, delimiter: str) -> None:
    n_columns = header.count(delimiter) + 1
    (row,) = rows_of(f"{header}\n" + delimiter.join("x" * n_columns))
    assert list(row.values) == [name.strip(' "') for name in header.split(delimiter)]


@pytest.mark.parametrize("head", ["sep=;", '"sep=;"', "sep=;\r"])
def test_a_line_of_excel_says_the_delimiter(head: str) -> None:
    assert read(f"{head}\nid,a;text\n1;b, c\n") == [(3, ["1", "b, c"])]


def test_a_delimiter_that_was_named_is_taken_whatever_stands_there() -> None:
    rows = rows_of("sep=;\nid:text\n1:a;b\n", delimiters=(":",))
    assert [(row.line, row.values) for row in rows] == [(3, {"id": "1", "text": "a;b"})]


def test_a_row_of_another_width_is_named() -> None:
    assert read("id;text\n1;a;b\n2\n3;c\n") == [
        (2, "3 fields, the header has 2; quote cells that hold ';'"),
        (3, "1 fields, the header has 2"),
        (4, ["3", "c"]),
    ]


def test_a_row_that_is_not_utf8_is_named_and_costs_no_other() -> None:
    rows = rows_of(b'id,text\n1,caf\xe9\n2,"\xff\n"\n3,b\n')
    assert [row.line for row in rows] == [2, 3, 5]
    assert [str(row.problem)[:30] for row in rows[:2]] == ["not UTF-8; convert the file, f"] * 2
    assert rows[2].values == {"id": "3", "text": "b"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,text,text", "a.csv:1: 2 columns are called 'text'; rename one"),
        ('id,"text', "a.csv:1: the header does not read: not CSV: quote never closed"),
        (b"id,t\xe4xt", "a.csv:1: the header does not read: not UTF-8"),
    ],
)
def test_a_header_that_does_not_read_stops_the_file(header: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        rows_of(header)
    assert str(error.value).startswith(message)


def test_an_empty_file_has_no_columns() -> None:
    assert rows_of("") == []
    assert csv_columns(io.BytesIO(), "a.csv", (), DELIMITERS, 100) == []


def test_a_row_that_is_too_long_is_passed_over_in_pieces() -> None:
    long = "x" * 100
    assert read(f'id,text\n1,{long}\n2,b\n3,"{long}\n4,c\n', max_row=50) == [
        (2, "the row is longer than 50 bytes"),
        (3, ["2", "b"]),
        (4, "the row is longer than 50 bytes"),
        (5, ["4", "c"]),
    ]
    lines = "x" * 30 + "\n"
    assert read(f'id,text\n1,"{lines}{lines}2,b\n', max_row=50)[0] == (2, UNCLOSED)


@pytest.mark.parametrize("line", ['x,"abc\n', 'x5","abc\n', 'x,""abc\n', 'x,"""\n', 'x,"a""\n', '"\n', 'x,"a" "b\n'])
def test_lines_are_read_again_a_bounded_number_of_times(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from copydesk.model.files import csv_rows as module

    taken = 0
    original = module._Lines.next

    def count(self: module._Lines) -> str:
        nonlocal taken
        taken += 1
        return original(self)

    monkeypatch.setattr(module._Lines, "next", count)
    costs = []
    for n in (200, 800):
        taken = 0
        rows_of("id,text\n" + line * n, max_row=10**6)
        costs.append(taken)
    assert costs[1] < 6 * costs[0]

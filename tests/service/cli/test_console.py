import io
import sys

import pytest

from copydesk.service.cli.console import answers, printable, say


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, two\nlines\tand a tab", "plain text, two\nlines\tand a tab"),
        ("\x1b]52;c;aGk=\x07", "\ufffd]52;c;aGk=\ufffd"),
        ("\x9b31mred\x7f", "\ufffd31mred\ufffd"),
        ("one\r\ntwo\x85three", "one \ntwo three"),
        ("name\udcff.txt", "name\ufffd.txt"),
        ("‘Don’t’ – 東京 😀 \u200f", "‘Don’t’ – 東京 😀 \u200f"),
    ],
)
def test_nothing_that_steers_a_terminal_is_printed_and_offsets_stay(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert len(shown) == len(text)


def test_a_message_is_one_line_as_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    say("a/long path/[/red]/:smile:/with 12 numbers: \x1b[2J not UTF-8", style="red")
    captured = capsys.readouterr()
    assert captured.err == "a/long path/[/red]/:smile:/with 12 numbers: \ufffd[2J not UTF-8\n"
    assert captured.out == ""


def test_what_the_encoding_of_the_terminal_lacks_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "latin-1"))
    answers().print("Zoll auf M\u00e4rz \u2588")
    sys.stdout.flush()
    assert written.getvalue() == "Zoll auf M\u00e4rz ?\n".encode("latin-1")

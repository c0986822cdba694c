import json
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from copydesk.training.console import SILENT, Screen

PATH = "/a/long/temporary/path/" + "x" * 100 + "/stories.jsonl:1: not UTF-8; convert the file"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def set_environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """What rich sees of it: `datasets` puts another object in the place of os.environ, which rich does not look at."""
    monkeypatch.setattr(Console, "_environ", values)


def test_results_and_messages_go_their_own_ways(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.say("reading", "learning")
    screen.complain("[red]wrong[/red] :smile:")
    table = Table("label")
    table.add_row("[b]trade[/b]")
    screen.show(table, "two labels")
    screen.show_json({"label": "Zürich"})
    shown = capsys.readouterr()
    assert shown.err == "reading\nlearning\n[red]wrong[/red] :smile:\n"
    assert "[b]trade[/b]" in shown.out
    assert shown.out.endswith('two labels\n{\n  "label": "Zürich"\n}\n')


def test_a_label_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    label = "\x1b]52;c;ZXZpbA==\x07trade\udc80"
    table = Table("label")
    table.add_row(Text(label))
    screen = Screen()
    screen.say(label)
    screen.show(table, label)
    shown = capsys.readouterr()
    assert shown.err == "\ufffd]52;c;ZXZpbA==trade\ufffd\n"  # rich itself drops the bell
    assert shown.out.endswith(shown.err)
    assert not set(shown.out) & {"\x1b", "\x07", "\udc80"}


def test_a_long_message_stays_on_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, COLUMNS="40")
    screen = Screen()
    screen.say(PATH)
    screen.show(PATH)
    assert capsys.readouterr() == (f"{PATH}\n", f"{PATH}\n")


def test_where_no_terminal_is_a_task_gives_a_line_from_time_to_time(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Screen(clock).task("training", "steps") as update:
        update(40, 1000, "")  # done before, by a run that was interrupted
        for done in range(41, 101):
            clock.now += 2.0
            update(done, 1000, "loss 0.310, macro-F1 0.812")
    assert capsys.readouterr().err.splitlines() == [
        "training: 55 of 1,000 steps, 0.5/s, 0:31:30 left, loss 0.310, macro-F1 0.812",
        "training: 70 of 1,000 steps, 0.5/s, 0:31:00 left, loss 0.310, macro-F1 0.812",
        "training: 85 of 1,000 steps, 0.5/s, 0:30:30 left, loss 0.310, macro-F1 0.812",
        "training: 100 of 1,000 steps, 0.5/s, 0:30:00 left, loss 0.310, macro-F1 0.812",
    ]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Clock:
    set_environment(monkeypatch, FORCE_COLOR="1", COLUMNS="120")
    return Clock()


def test_a_terminal_shows_a_bar_that_goes_when_the_task_ends(
    terminal: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Screen(terminal).task("training", "steps") as update:
        update(0, 10, "")
        terminal.now += 4.0
        update(4, 10, "loss 0.310")
    shown = capsys.readouterr().err
    assert "4 of 10 steps, 1/s, 0:00:06 left, loss 0.310" in shown
    assert "━" in shown
    assert shown.endswith("\x1b[2K")  # the line is erased


def test_work_that_is_over_at_once_shows_no_bar(terminal: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    items = Screen(terminal).track(range(100), 100, "ROUGE", "articles")
    assert list(items) == list(range(100))
    assert capsys.readouterr().err == ""


def test_items_are_taken_one_by_one() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(3):
            taken.append(n)
            yield n

    tracked = SILENT.track(items(), 3, "summaries", "articles")
    assert (next(tracked), taken) == (0, [0])


def test_a_value_for_a_program_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().show_json({"labels": ["[red]"]})
    assert json.loads(capsys.readouterr().out) == {"labels": ["[red]"]}

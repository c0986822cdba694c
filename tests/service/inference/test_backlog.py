import asyncio
from collections.abc import Callable, Iterator

import pytest

from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoding import Encoding
from copydesk.model.network.windows import pack_story
from copydesk.service.inference.backlog import Backlog, ClosedError, ForwardError, QueuedText

MakeText = Callable[[int], QueuedText]


@pytest.fixture
def make_text(analyzer: Analyzer) -> Iterator[MakeText]:
    """Texts of this many windows, of ten tokens each."""
    loop = asyncio.new_event_loop()

    def make(n_windows: int) -> QueuedText:
        story = pack_story([list(range(10))] * n_windows, 12)
        return QueuedText(analyzer, Encoding([story]), loop.create_future(), loop)

    yield make
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def take(backlog: Backlog, *, is_idle: bool = False) -> dict[QueuedText, int]:
    """Tokens that the next pass takes of each text."""
    taken = backlog.take(0, is_idle=is_idle)
    assert taken is not None
    return {text: sum(piece.tokens.n_tokens for piece in slices) for text, slices in taken.items()}


def test_a_short_text_is_not_stuck_behind_a_long_one(make_text: MakeText) -> None:
    backlog, long, short = Backlog(100), make_text(1000), make_text(2)
    backlog.put(long)
    assert take(backlog) == {long: 100}
    backlog.put(short)
    assert take(backlog) == {long: 80, short: 20}
    assert take(backlog) == {long: 100}


def test_a_long_text_gets_most_of_each_pass_however_many_short_ones_come(make_text: MakeText) -> None:
    backlog, long = Backlog(100), make_text(20)
    backlog.put(long)
    n_passes = 0
    while len(backlog) and long.encoding.n_tokens_left:
        for _ in range(10):
            backlog.put(make_text(1))
        assert take(backlog)[long] == min(70, 200 - 70 * n_passes)  # whole windows of 10 in three quarters of 100
        n_passes += 1
    assert n_passes == 3


def test_the_shortest_rest_goes_first(make_text: MakeText) -> None:
    backlog, texts = Backlog(80), [make_text(n) for n in (50, 9, 3, 2)]
    for text in texts:
        backlog.put(text)
    assert take(backlog) == {texts[0]: 60, texts[3]: 20}
    assert take(backlog) == {texts[0]: 60, texts[2]: 20}


def test_texts_whose_client_is_gone_are_dropped_before_compute(make_text: MakeText) -> None:
    backlog, gone, stays = Backlog(100), make_text(3), make_text(3)
    for text in (gone, stays):
        backlog.put(text)
    gone.future.cancel()
    assert take(backlog) == {stays: 30}
    assert gone.encoding.n_tokens_left == 30


def test_a_text_that_failed_gets_no_further_passes(make_text: MakeText) -> None:
    backlog, text = Backlog(20), make_text(5)
    backlog.put(text)
    assert take(backlog) == {text: 20}
    text.resolve(ForwardError("no"))
    assert take(backlog) == {}
    text.loop.run_until_complete(asyncio.sleep(0))
    assert isinstance(text.future.exception(), ForwardError)


def test_a_closed_backlog_takes_nothing_new_and_ends_when_it_is_empty(make_text: MakeText) -> None:
    backlog, text = Backlog(20), make_text(3)
    backlog.put(text)
    backlog.close()
    with pytest.raises(ClosedError):
        backlog.put(make_text(1))
    assert take(backlog) == {text: 20}
    assert take(backlog) == {text: 10}
    assert backlog.take(0) is None


def test_every_future_ends_when_the_backlog_is_failed(make_text: MakeText) -> None:
    backlog, text = Backlog(20), make_text(3)
    backlog.put(text)
    backlog.fail_all(ForwardError("stopped"))
    text.loop.run_until_complete(asyncio.sleep(0))
    assert str(text.future.exception()) == "stopped"
    assert len(backlog) == 0


def test_a_text_aside_waits_until_nothing_else_does_and_goes_in_small_steps(make_text: MakeText) -> None:
    backlog, aside, text = Backlog(80), make_text(4), make_text(3)
    aside.is_aside = True
    backlog.put(aside)
    assert take(backlog) == {}
    backlog.put(text)
    assert (take(backlog, is_idle=True), len(backlog)) == ({text: 30}, 0)
    assert take(backlog, is_idle=True) == {aside: 20}
    backlog.put(text := make_text(1))
    assert take(backlog, is_idle=True) == {text: 10}
    assert take(backlog, is_idle=True) == {aside: 20}
    assert take(backlog, is_idle=True) == {}


def test_texts_aside_do_not_hold_up_the_end(make_text: MakeText) -> None:
    backlog, aside = Backlog(80), make_text(4)
    aside.is_aside = True
    backlog.put(aside)
    backlog.close()
    assert backlog.take(0, is_idle=True) is None
    backlog.fail_all(ForwardError("stopped"))
    aside.loop.run_until_complete(asyncio.sleep(0))
    assert str(aside.future.exception()) == "stopped"

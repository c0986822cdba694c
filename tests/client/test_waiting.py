import pytest

from copydesk.client.errors import UnavailableError
from copydesk.client.waiting import Patience, Waiting


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("seconds", [0, 1, 7, 20])
def test_no_try_comes_before_the_service_allows_it_and_none_much_later(seconds: int) -> None:
    waits = [Waiting("documents[0]", Patience(60)).next_s("503", str(seconds)) for _ in range(200)]
    assert min(waits) >= seconds
    assert max(waits) <= max(seconds + 0.1, 1.25 * seconds)
    assert len(set(waits)) > 100  # not all clients at once


@pytest.mark.parametrize("header", [None, "", "Wed, 21 Oct 2026 07:28:00 GMT", "-5", "1.5"])
def test_without_a_number_of_seconds_each_wait_is_twice_the_one_before_up_to_eight_seconds(header: str | None) -> None:
    waiting = Waiting("documents[0]", Patience(1e6))
    for longest in (0.5, 1, 2, 4, 8, 8, 8):
        assert longest / 2 <= waiting.next_s("no answer", header) <= longest


def test_the_wait_that_is_longer_than_the_patience_is_not_begun() -> None:
    clock = Clock()
    waiting = Waiting("documents[0] to documents[63]", Patience(10, clock))
    waiting.next_s("503 overloaded", "4")
    clock.now = 4.5
    with pytest.raises(UnavailableError) as error:
        waiting.next_s("503 overloaded", "9")
    assert str(error.value) == (
        "documents[0] to documents[63]: 503 overloaded; nothing was answered for 4 s; see whether the service runs, or "
        "be more patient than patience_s=10"
    )


def test_the_patience_begins_anew_with_each_answer_to_anybody() -> None:
    clock = Clock()
    patience = Patience(10, clock)
    waiting = Waiting("documents[0]", patience)
    clock.now = 100.0
    patience.note_answer()
    clock.now = 105.0
    waiting.next_s("503 overloaded", "4")
    with pytest.raises(UnavailableError, match="nothing was answered for 5 s"):
        waiting.next_s("503 overloaded", "6")


def test_what_fails_again_and_again_is_given_up_after_four_tries() -> None:
    waiting = Waiting("documents[0]", Patience(60))
    assert [waiting.note_failure() for _ in range(4)] == [True, True, True, False]

import math
from contextlib import ExitStack

import pytest

from copydesk.service.inference.admission import Admission, OverloadedError, estimate_tokens


def make_admission(max_tokens: int) -> Admission:
    admission = Admission(max_delay_s=1.0)
    admission.rate = float(max_tokens)
    return admission


def test_what_is_under_way_is_counted_until_it_ends() -> None:
    admission = make_admission(1000)
    with admission.admit(300):
        with admission.admit(200):
            assert admission.n_tokens == 500
        assert admission.n_tokens == 300
    assert admission.n_tokens == 0


def test_what_is_under_way_takes_as_long_as_the_device_needs_for_it() -> None:
    admission = make_admission(1000)
    with admission.admit(500):
        assert admission.delay_s == 0.5
    assert admission.delay_s == 0


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    admission = make_admission(1000)
    with admission.admit(500), admission.admit(400):
        with pytest.raises(OverloadedError) as caught, admission.admit(101):
            pass
        assert caught.value.retry_after_s == 1
        assert admission.n_tokens == 900


def test_anything_fits_when_nothing_is_under_way_and_counts_as_half() -> None:
    admission = make_admission(1000)
    with admission.admit(1_000_000):
        assert admission.n_tokens == 500
        with admission.admit(1_000_000), pytest.raises(OverloadedError):
            admission.check(1)


def test_an_estimate_is_corrected_when_the_tokens_are_known() -> None:
    admission = make_admission(1000)
    with admission.admit(100) as permit:
        permit.correct(50)
        assert admission.n_tokens == 150
        permit.correct(-100)
        assert admission.n_tokens == 50
    assert admission.n_tokens == 0


def test_the_rate_follows_faster_passes_at_once_and_ignores_slow_small_ones() -> None:
    admission = make_admission(1000)
    admission.note_pass(10, 1.0, is_full=False)
    assert admission.rate == 1000
    for _ in range(100):
        admission.note_pass(4000, 1.0, is_full=True)
    assert admission.max_tokens == pytest.approx(4000, abs=10)


def test_a_slow_minute_leaves_the_rate_a_third_of_what_it_was_before() -> None:
    admission = make_admission(1000)
    for _ in range(1200):
        admission.note_pass(5, 0.05, is_full=True)  # a minute of 100 tokens/s
    assert admission.rate == pytest.approx(100 + 900 / math.e, abs=1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_while_more_comes_than_fits_only_half_a_second_of_work_waits() -> None:
    clock = Clock()
    admission = Admission(max_delay_s=10, clock=clock)
    admission.rate = 100.0
    with ExitStack() as crowd:
        for _ in range(10):
            crowd.enter_context(admission.admit(100))
        with pytest.raises(OverloadedError) as caught:
            admission.check(10)
        assert (admission.max_tokens, caught.value.retry_after_s) == (50, 10)
    with admission.admit(23), admission.admit(22):
        clock.now = 1.9
        with pytest.raises(OverloadedError):
            admission.check(10)  # which prolongs it
        clock.now = 3.8
        assert admission.max_tokens == 50
        clock.now = 3.95
        assert admission.max_tokens == 1000


def test_a_large_request_that_is_refused_shortens_no_queue() -> None:
    admission = Admission(max_delay_s=10)
    admission.rate = 100.0
    with admission.admit(350), admission.admit(350):
        with pytest.raises(OverloadedError):
            admission.check(100_000)
        assert admission.max_tokens == 1000


def test_a_slow_device_lets_few_clients_wait_all_the_same() -> None:
    admission = Admission(max_delay_s=1.0, min_tokens=5000)
    admission.rate = 1000.0
    assert admission.max_tokens == 5000
    admission.rate = 8000.0
    assert admission.max_tokens == 8000


def test_a_text_costs_something_however_short() -> None:
    assert estimate_tokens(0) == estimate_tokens(10) == 64
    assert estimate_tokens(4000) == 1000

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
        with admission.admit(1_000_000), pytest.raises(OverloadedError), admission.admit(1):
            pass


def test_an_estimate_is_corrected_when_the_tokens_are_known() -> None:
    admission = make_admission(1000)
    with admission.admit(100) as permit:
        permit.correct(50)
        assert admission.n_tokens == 150
        permit.correct(-100)
        assert admission.n_tokens == 50
    assert admission.n_tokens == 0


def test_the_rate_follows_full_passes_and_ignores_slow_small_ones() -> None:
    admission = make_admission(1000)
    admission.note_pass(10, 1.0, is_full=False)
    assert admission.rate == 1000
    admission.note_pass(500, 1.0, is_full=True)
    assert admission.rate == pytest.approx(950)
    for _ in range(200):
        admission.note_pass(4000, 1.0, is_full=True)
    assert admission.max_tokens == pytest.approx(4000, abs=10)


def test_a_slow_device_lets_few_clients_wait_all_the_same() -> None:
    admission = Admission(max_delay_s=1.0, min_tokens=5000)
    admission.rate = 1000.0
    assert admission.max_tokens == 5000
    admission.rate = 8000.0
    assert admission.max_tokens == 8000


def test_a_text_costs_something_however_short() -> None:
    assert estimate_tokens(0) == estimate_tokens(10) == 64
    assert estimate_tokens(4000) == 1000

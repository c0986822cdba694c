import pytest

from copydesk.service.inference.health import Health


def fail(health: Health, n_times: int) -> None:
    for _ in range(n_times):
        with pytest.raises(RuntimeError), health.watch():
            raise RuntimeError


def test_three_failed_passes_in_a_row_are_a_fault_and_a_good_one_ends_it() -> None:
    health = Health(max_pass_s=60)
    fail(health, 2)
    assert health.fault is None
    fail(health, 1)
    assert health.fault == "the last 3 forward passes failed"
    with health.watch():
        pass
    assert health.fault is None
    fail(health, 2)
    assert health.fault is None


def test_a_pass_that_does_not_end_is_a_fault_while_it_runs() -> None:
    health = Health(max_pass_s=-1)
    with health.watch():
        assert health.fault is not None
        assert "running for more than" in health.fault
    assert health.fault is None

import numpy as np
import pytest

from copydesk.training.metrics.calibration import make_rules


def test_a_probable_target_counts_as_far_as_it_is_probable() -> None:
    random = np.random.default_rng(2)
    logits = np.repeat(random.normal(0, 2, (300, 1)), 4, axis=0)
    n_positive = random.integers(0, 5, 300)  # of each four alike
    hard = (np.arange(4)[None, :] < n_positive[:, None]).astype(float).reshape(-1, 1)
    soft = np.repeat(n_positive / 4, 4)[:, None]
    (expected,), (found,) = make_rules(["x"], hard, logits), make_rules(["x"], soft, logits)
    assert (found.slope, found.intercept) == pytest.approx((expected.slope, expected.intercept), abs=1e-6)
    assert found.threshold == expected.threshold

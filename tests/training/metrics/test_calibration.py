import numpy as np
import pytest

from copydesk.model.output.tags import LabelRule
from copydesk.training.metrics.calibration import choose_threshold, fit_platt, make_rules


def test_platt_scaling_finds_the_slope_that_made_the_data() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, 20_000)
    targets = (random.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))).astype(float)
    slope, intercept = fit_platt(targets, logits)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert intercept == pytest.approx(-1, abs=0.1)


def test_a_threshold_stands_in_the_middle_of_its_plateau() -> None:
    scores = np.array([0.05, 0.1, 0.15, 0.85, 0.9, 0.95])
    assert 0.3 <= choose_threshold(np.array([0.0, 0, 0, 1, 1, 1]), scores) <= 0.7


def test_labels_with_too_few_positives_in_all_keep_their_raw_scores() -> None:
    targets, logits = np.array([[1.0, 0], [0, 1], [0, 0], [0, -1]]), np.array([[3.0, -1], [-2, 2], [-3, -3], [-1, 0]])
    assert make_rules(["x", "y"], targets, logits) == (LabelRule("x"), LabelRule("y"))


def test_a_rare_label_follows_the_others_and_a_frequent_one_itself() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (4000, 3))
    true = np.array([[0.5, 1.0], [1.0, -1.0], [1.0, -1.0]])  # slope and intercept of each label
    targets = (random.random(logits.shape) < 1 / (1 + np.exp(-(logits * true[:, 0] + true[:, 1])))).astype(float)
    targets[3:, 2] = -1  # of the third label, three stories are known
    own, _, rare = make_rules(["own", "other", "rare"], targets, logits)
    pooled = fit_platt(targets[targets >= 0], logits[targets >= 0])
    assert (own.slope, own.intercept) == pytest.approx((0.5, 1.0), abs=0.1)
    assert (rare.slope, rare.intercept) == pytest.approx(pooled, abs=0.2)
    assert rare.threshold != 0.5


def test_a_label_that_ranks_its_stories_backwards_keeps_its_raw_score() -> None:
    logits = np.linspace(-3, 3, 400)
    targets = np.stack([logits > 0, logits < 0], axis=1).astype(float)
    right, backwards = make_rules(["right", "backwards"], targets, np.stack([logits, logits], axis=1))
    assert right.slope > 0
    assert backwards == LabelRule("backwards")


def test_weights_count_as_repeated_stories() -> None:
    random = np.random.default_rng(1)
    scores, weights = random.random(60), random.integers(1, 4, 60)
    targets = (random.random(60) < scores).astype(float)
    repeated = [np.repeat(values, weights) for values in (targets, scores)]
    assert choose_threshold(targets, scores, weights.astype(float)) == choose_threshold(*repeated)


def test_a_probable_target_counts_as_far_as_it_is_probable() -> None:
    random = np.random.default_rng(2)
    logits = np.repeat(random.normal(0, 2, (300, 1)), 4, axis=0)
    n_positive = random.integers(0, 5, 300)  # of each four alike
    hard = (np.arange(4)[None, :] < n_positive[:, None]).astype(float).reshape(-1, 1)
    soft = np.repeat(n_positive / 4, 4)[:, None]
    (expected,), (found,) = make_rules(["x"], hard, logits), make_rules(["x"], soft, logits)
    assert (found.slope, found.intercept) == pytest.approx((expected.slope, expected.intercept), abs=1e-6)
    assert found.threshold == expected.threshold

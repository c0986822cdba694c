import numpy as np
import pytest

from copydesk.training.metrics.quality import (
    average_precision,
    calibration_bins,
    calibration_error,
    label_quality,
    micro_f1,
    subset_accuracy,
)

TARGETS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0], [0.0, 0.0]])
DECISIONS = np.array([[True, False], [True, True], [False, True], [False, False]])


def test_micro_f1_counts_known_decisions_of_all_labels() -> None:
    assert micro_f1(TARGETS, DECISIONS) == pytest.approx(2 * 2 / (3 + 3))


def test_a_story_is_right_when_its_known_labels_are() -> None:
    assert subset_accuracy(TARGETS, DECISIONS) == 0.5
    assert subset_accuracy(np.array([[1.0, -1.0]]), np.array([[True, True]])) == 1.0


def test_average_precision_leaves_masked_stories_out() -> None:
    targets, scores = np.array([1.0, 0.0, 1.0, -1.0]), np.array([0.9, 0.8, 0.7, 0.99])
    assert average_precision(targets, scores) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(np.zeros(3), np.ones(3)) is None


def test_calibration_error_weighs_each_bin_by_its_stories() -> None:
    targets = np.array([1.0, 1.0, 0.0, 0.0, -1.0])
    scores = np.array([0.92, 0.98, 0.31, 1.0, 0.5])
    bins = calibration_bins(targets, scores)
    assert [part.n_stories for part in bins] == [1, 3]
    assert calibration_error(targets, scores) == pytest.approx((1 * 0.31 + 3 * abs(2 / 3 - 2.9 / 3)) / 4)


def test_unsure_labels_are_masked_in_metrics() -> None:
    targets = np.array([1.0, 0.0, -1.0, -1.0])
    quality = label_quality(targets, np.array([True, False, True, False]))
    assert (quality.precision, quality.recall, quality.f1, quality.support) == (1.0, 1.0, 1.0, 1)


def test_quality_of_a_label_counts_what_it_should() -> None:
    quality = label_quality(np.array([1.0, 1, 1, 0, 0]), np.array([True, True, False, True, False]))
    assert (quality.precision, quality.recall) == (2 / 3, 2 / 3)

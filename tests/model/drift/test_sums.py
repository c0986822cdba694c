import json

import numpy as np
import pytest

from copydesk.model.drift.columns import columns_of
from copydesk.model.drift.projection import make_waves, project
from copydesk.model.drift.sums import sum_vectors, sums_from_json
from support.drift import compose_analyses, sum_analyses
from support.tiny import LABELS


def test_sums_of_parts_are_those_of_all() -> None:
    analyses = compose_analyses(30)
    whole, parts = sum_analyses(analyses), sum_analyses(analyses[:11]) + sum_analyses(analyses[11:])
    assert (whole.n, whole.labels) == (parts.n, parts.labels) == (30, LABELS)
    for name in ("totals", "vector", "outer", "waves"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-9)  # float64


def test_a_window_comes_to_the_same_as_its_texts_at_once() -> None:
    analyses = compose_analyses(30)
    rows = [columns_of(LABELS).count(analysis) for analysis in analyses]
    vectors = [np.array(analysis.story.vector, np.float32) for analysis in analyses]
    window, whole = sum_vectors(LABELS, sum(rows, np.zeros_like(rows[0])), vectors), sum_analyses(analyses)
    assert (window.n, window.labels) == (30, LABELS)
    for name in ("totals", "vector", "outer", "waves"):
        np.testing.assert_allclose(getattr(window, name), getattr(whole, name), atol=1e-5)  # vectors in float32


def test_sums_of_other_labels_do_not_add_up() -> None:
    analyses = compose_analyses(2)
    one = sum_analyses(analyses)
    other = sums_from_json(("a", "b", "c", "d"), one.to_json())
    with pytest.raises(ValueError, match="different labels"):
        one + other


def test_a_file_gives_back_what_was_written() -> None:
    sums = sum_analyses(compose_analyses(30))
    again = sums_from_json(LABELS, json.loads(json.dumps(sums.to_json())))
    assert again.n == 30
    for name in ("totals", "vector", "outer", "waves"):
        np.testing.assert_allclose(getattr(again, name), getattr(sums, name), rtol=1e-6)  # seven digits are kept


@pytest.mark.parametrize("name", ["totals", "outer", "waves"])
def test_a_file_with_too_few_numbers_is_refused(name: str) -> None:
    content = sum_analyses(compose_analyses(2)).to_json()
    content[name] = content[name][1:]
    with pytest.raises(ValueError, match=name):
        sums_from_json(LABELS, content)


def test_projected_vectors_keep_their_distances() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 384))
    ratios = np.linalg.norm(project(vectors), axis=1) / np.linalg.norm(vectors, axis=1)
    assert ratios.mean() == pytest.approx(1, abs=0.02)
    assert ratios.std() < 0.15  # 1 / sqrt(2 * 64) by theory


def test_the_projection_is_the_same_everywhere() -> None:
    """Windows of one machine are compared with the reference of another."""
    axes = project(np.eye(3, 384)) * 8
    assert axes[:, :8].tolist() == [
        [-1, -1, -1, -1, -1, -1, -1, 1],
        [1, 1, 1, 1, -1, -1, 1, -1],
        [1, -1, -1, 1, -1, 1, 1, -1],
    ]


def test_waves_have_the_products_of_a_gaussian_kernel() -> None:
    points = np.random.default_rng(0).normal(size=(6, 64)) / 16
    waves = make_waves(points)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(waves @ waves.T, np.exp(-(distances**2) / (2 * 0.8**2)), atol=0.15)  # 128 waves

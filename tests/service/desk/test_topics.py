import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from copydesk.service.desk.queue.topics import find_words, fit_head, fuse, order_by_head, rank_by_words

RNG = np.random.default_rng(3)


def test_a_description_is_cut_to_the_words_that_tell() -> None:
    assert find_words("Stories about strikes, and the unions that call them.") == ["strik", "union", "call"]


def test_texts_are_ranked_by_bm25() -> None:
    texts = ["strike strike rain", "strike rain rain", "rain rain rain", "rain"]
    scores = rank_by_words("strike", texts)
    rarity = math.log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    norm = [1.5 * (1 - 0.75 + 0.75 * n / 2.5) for n in (3, 3, 3, 1)]  # 2.5 words on average
    expected = [rarity * n * 2.5 / (n + norm[i]) for i, n in enumerate((2, 1, 0, 0))]
    assert scores.tolist() == pytest.approx(expected, rel=1e-5)


def test_a_word_counts_in_any_case_and_with_any_ending() -> None:
    assert (rank_by_words("Strikes", ["STRIKE today", "strikers met", "a lightning"]) > 0).tolist() == [
        True,
        True,
        False,
    ]


def test_a_description_without_words_ranks_nothing() -> None:
    assert rank_by_words("about the", ["one", "two"]).tolist() == [0, 0]


def test_fused_rankings_prefer_what_both_put_high() -> None:
    fused = fuse(np.array([3, 2, 1, 0], np.float32), np.array([0, 2, 3, 1], np.float32))
    assert np.argsort(-fused)[0] in (1, 2)
    assert fused.argmin() == 3
    assert len(set(fuse(np.zeros(3, np.float32), np.zeros(3, np.float32)).tolist())) == 1


def test_the_head_is_the_ridge_regression_that_scikit_learn_finds() -> None:
    vectors = RNG.normal(size=(40, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    answers = (vectors[:, 0] + 0.2 * RNG.normal(size=40) > 0.1).tolist()
    ours = fit_head(vectors.astype(np.float32), answers)
    theirs = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-8, max_iter=10_000).fit(6.0 * vectors, answers)
    assert ours.score(vectors.astype(np.float32)) == pytest.approx(theirs.predict_proba(6.0 * vectors)[:, 1], abs=2e-3)


def test_few_answers_tell_two_topics_apart() -> None:
    topic, rest = RNG.normal(size=(2, 32))
    yes = topic + 0.6 * RNG.normal(size=(60, 32))
    no = rest + 0.6 * RNG.normal(size=(60, 32))
    vectors = np.concatenate([yes, no])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    head = fit_head(vectors[[*range(8), *range(60, 68)]].astype(np.float16), [True] * 8 + [False] * 8)
    scores = head.score(vectors.astype(np.float16))
    assert (scores[:60] > 0.5).mean() > 0.95
    assert (scores[60:] < 0.5).mean() > 0.95


def test_the_likeliest_and_the_most_doubtful_are_asked_by_turns() -> None:
    assert order_by_head(np.array([0.9, 0.5, 0.1, 0.95, 0.45], np.float32), 4) == [3, 1, 0, 4]

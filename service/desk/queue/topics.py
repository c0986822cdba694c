"""A topic from nothing: stories ranked by what a description says, then by what people have answered."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.service.desk.queue.pool import Floats

MIN_YES = 8  # before which answers say too little
FULL_TRAINING = 50  # yeses from which a training is offered
_K1, _B = 1.5, 0.75  # Robertson & Zaragoza 2009, section 3.2: values that serve most collections
_FUSE = 60  # Cormack, Clarke & Buettcher 2009: reciprocal rank fusion's constant
_RIDGE = 1.0  # of the head's weights; vectors are scaled to it below
_SCALE = 6.0  # of vectors of length 1, so that the ridge weighs as it does on standardised features
_WORD = re.compile(r"\w{2,}")
_N_STEPS = 25  # Newton's method is done after about eight
_STOP = re.compile(  # words of every text, and of every description of a topic
    "(a|about|all|also|an|and|any|are|as|at|be|been|but|by|can|could|for|from|had|has|have|he|her|his|how|if|in|into|is|it|"
    "its|may|more|most|no|not|of|on|one|or|other|our|out|over|she|should|so|some|such|than|that|the|their|them|then|"
    "there|these|they|this|to|under|up|was|we|were|what|when|where|which|who|will|with|would|you|your|stories|story|"
    "news|articles?)$"
)


@dataclass(frozen=True)
class Head:
    """A provisional label: logistic regression on story vectors."""

    weights: Floats
    bias: float

    def score(self, vectors: NDArray[np.float16] | Floats) -> Floats:
        """Probabilities, float32 [stories]."""
        logits = _SCALE * (vectors.astype(np.float32) @ self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def find_words(text: str) -> list[str]:
    """The words that tell what a text is about: lower-cased, cut to their stems, without those of every text."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if not _STOP.match(word)]


def rank_by_words(query: str, texts: Iterable[str]) -> Floats:
    """BM25 of each text for the words of the query, float32 [texts]. One pass over the texts; nothing is kept of them.

    Source: Robertson & Zaragoza 2009, eq. 3.15.
    """
    words = sorted(set(find_words(query)))
    if not words:
        return np.zeros(sum(1 for _ in texts), np.float32)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})", re.IGNORECASE)
    counts, lengths = [], []
    for text in texts:
        found = Counter(match.lower() for match in pattern.findall(text))
        counts.append([found[word] for word in words])
        lengths.append(text.count(" ") + 1)
    return _bm25(np.array(counts, np.float32).reshape(-1, len(words)), np.array(lengths, np.float32))


def fuse(*rankings: Floats) -> Floats:
    """One score of several by the ranks in each, float32 [stories]. Ties share a rank."""
    fused = np.zeros(len(rankings[0]), np.float32)
    for scores in rankings:
        _, inverse, counts = np.unique(-scores, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - counts)[inverse]
        fused += 1 / (_FUSE + ranks)
    return fused


def fit_head(vectors: NDArray[np.float16] | Floats, answers: Sequence[bool]) -> Head:
    """The head that answers as people did, both sides weighed alike.

    vectors: [answers, width]. Ridge-penalised maximum likelihood by Newton's method in the span of the answers.
    """
    x = _SCALE * vectors.astype(np.float64)
    y = np.asarray(answers, np.float64)
    balance = np.where(y > 0, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1)) * len(y)
    kernel = x @ x.T  # [A, A]: as many unknowns as answers, however wide the vectors
    dual, bias = np.zeros(len(y)), 0.0
    for _ in range(_N_STEPS):
        logits = kernel @ dual / _RIDGE + bias
        p = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        curvature = np.maximum(balance * p * (1 - p), 1e-6)
        target = logits + balance * (y - p) / curvature
        system = kernel / _RIDGE + np.diag(1 / curvature)
        solved = np.linalg.solve(system, np.stack([target, np.ones(len(y))], axis=1))
        new_bias = solved[:, 0].sum() / solved[:, 1].sum()
        new_dual = solved[:, 0] - new_bias * solved[:, 1]
        is_done = math.isclose(new_bias, bias, abs_tol=1e-6) and np.allclose(new_dual, dual, atol=1e-7)
        dual, bias = new_dual, new_bias
        if is_done:
            break
    return Head((dual @ x / _RIDGE).astype(np.float32), float(bias))


def order_by_head(scores: Floats, n: int) -> list[int]:
    """Indices of stories to ask next: by turns the likeliest, and the most doubtful."""
    likely, doubtful = np.argsort(-scores, kind="stable"), np.argsort(np.abs(scores - 0.5), kind="stable")
    order = dict.fromkeys(int(i) for pair in zip(likely[:n], doubtful[:n], strict=True) for i in pair)
    return list(order)[:n]


def _bm25(counts: Floats, lengths: Floats) -> Floats:
    """counts: float32 [texts, words]; lengths: float32 [texts], in words."""
    n_with = (counts > 0).sum(axis=0)
    rarity = np.log1p((len(counts) - n_with + 0.5) / (n_with + 0.5))  # [W]
    norm = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1.0))  # [T]
    return np.asarray((rarity * counts * (_K1 + 1) / (counts + norm[:, None])).sum(axis=1), np.float32)


def _stem(word: str) -> str:
    """The word without a plural's ending: the pattern finds it at the start of longer words anyway."""
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word

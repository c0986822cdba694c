"""How far the sums of two sets of texts are apart, by each measure and label."""

from typing import NamedTuple

import numpy as np

from copydesk.model.drift.columns import SCORE_EDGES, Floats
from copydesk.model.drift.sums import Sums

EVERY = "*"  # in place of a label, where a measure is of all of them
MEASURES = {  # what each compares
    "scores": "the histogram of the label's scores (Jensen-Shannon)",
    "rate": "the share of texts that are given the label",
    "labels_per_story": "how many labels a story is given (Jensen-Shannon)",
    "near_threshold": "the share of scores within 0.1 of their threshold",
    "length": "how many tokens a text has (Jensen-Shannon)",
    "language": "the languages (Jensen-Shannon)",
    "unknown_tokens": "the share of tokens that the model does not know",
    "subwords_per_word": "the tokens of a word",
    "capitals": "the share of letters that are capitals",
    "furniture": "the share of the text that is furniture",
    "frechet": "the story vectors' mean and covariance (Fréchet)",
    "mmd": "the story vectors' distribution (maximum mean discrepancy)",
}
_MEANS = ("near_threshold", "unknown_tokens", "subwords_per_word", "capitals", "furniture")
_HISTOGRAMS = ("labels_per_story", "length", "language")


class Key(NamedTuple):
    """One thing that may drift."""

    measure: str
    label: str = EVERY


def compare(window: Sums, reference: Sums) -> dict[Key, float]:
    """Every distance of the window's texts from the reference's, in a fixed order; 0 is the same."""
    labels, n_bins = window.labels, len(SCORE_EDGES) + 1
    histograms = (sums.total("scores").reshape(len(labels), n_bins) for sums in (window, reference))
    scores = _jensen_shannon(*histograms)
    rates = np.abs(window.mean("assigned") - reference.mean("assigned"))
    distances = {Key("scores", label): float(value) for label, value in zip(labels, scores, strict=True)}
    distances |= {Key("rate", label): float(value) for label, value in zip(labels, rates, strict=True)}
    for name in _HISTOGRAMS:
        distances[Key(name)] = float(_jensen_shannon(window.total(name)[None], reference.total(name)[None])[0])
    for name in _MEANS:
        distances[Key(name)] = float(abs(window.mean(name) - reference.mean(name))[0])
    distances[Key("frechet")] = _frechet(window, reference)
    distances[Key("mmd")] = float(np.linalg.norm(window.waves / window.n - reference.waves / reference.n))
    return distances


def _jensen_shannon(one: Floats, other: Floats) -> Floats:
    """Square roots of the divergences in bits, from 0 to 1, of histograms [rows, bins]; 0 where one is empty.

    Source: Endres & Schindelin 2003.
    """
    is_known = (one.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
    p, q = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (one, other))
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    distances: Floats = np.sqrt(np.maximum(divergence, 0)) * is_known
    return distances


def _relative_entropy(p: Floats, q: Floats) -> Floats:
    ratios = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    bits: Floats = (p * np.log2(ratios)).sum(axis=1)
    return bits


def _frechet(one: Sums, other: Sums) -> float:
    """Distance of two normal distributions. Source: Dowson & Landau 1982, eq. 4."""
    (mean, covariance), (other_mean, other_covariance) = _moments(one), _moments(other)
    root = _square_root(other_covariance)
    shared = np.linalg.eigvalsh(root @ covariance @ root)
    spread = np.trace(covariance) + np.trace(other_covariance) - 2 * np.sqrt(np.maximum(shared, 0)).sum()
    return float(np.sqrt(max(0.0, ((mean - other_mean) ** 2).sum() + spread)))


def _moments(sums: Sums) -> tuple[Floats, Floats]:
    mean = sums.vector / sums.n
    return mean, sums.outer / sums.n - np.outer(mean, mean)


def _square_root(covariance: Floats) -> Floats:
    values, axes = np.linalg.eigh(covariance)
    root: Floats = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    return root

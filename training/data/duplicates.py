"""Near-duplicates: texts that share most of their runs of words, such as two versions of one wire story."""

import re
import zlib
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Signature = NDArray[np.uint32]

N_HASHES = 64
N_WORDS = 5  # of a run
MIN_WORDS = 50  # shorter texts often share a form and no story (market notices, dividends); only equal words count
NEAR = 0.5  # share of runs in common: from here on pairs of Reuters-21578 tell the same story, below 0.4 many don't
_BAND = 2  # hashes that must agree for a pair to be looked at: finds 99.99 % of the pairs at 0.5
_MULTIPLIERS = np.array([int.from_bytes(sha256(bytes([i])).digest()[:8]) | 1 for i in range(N_HASHES)], np.uint64)
_MIX = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9], np.uint64)


def sign_text(text: str) -> Signature:
    """MinHash signature, uint32 [N_HASHES]; the share of equal hashes estimates the share of common runs.

    The same for ever: a frozen test set keeps them. Source: Broder 1997.
    """
    words = re.findall(r"\w+", text.lower())
    hashes = np.fromiter((zlib.crc32(word.encode()) for word in words), np.uint64, len(words))
    n_words = N_WORDS if len(words) >= MIN_WORDS else max(1, len(words))
    runs = np.zeros(max(1, len(words) - n_words + 1), np.uint64)
    for i in range(min(n_words, len(words))):
        runs = runs * _MIX[0] + hashes[i : i + len(runs)]
    runs = (runs ^ (runs >> np.uint64(29))) * _MIX[1]
    runs = np.unique(runs ^ (runs >> np.uint64(32)))
    products: NDArray[np.uint64] = (runs[:, None] * _MULTIPLIERS) >> np.uint64(32)  # [runs, N_HASHES], wraps around
    return np.asarray(products.min(axis=0), np.uint32)


def group_signatures(signatures: Sequence[Signature]) -> list[int]:
    """Groups of near-duplicates, and of near-duplicates of those.

    For each text the index of the first text of its group; a text without near-duplicates is its own.
    """
    parents = list(range(len(signatures)))
    for a, b in find_pairs(np.reshape(signatures, (-1, N_HASHES)).astype(np.uint32)):
        a, b = _root(parents, a), _root(parents, b)
        parents[max(a, b)] = min(a, b)
    return [_root(parents, i) for i in range(len(parents))]


def find_pairs(signatures: NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Pairs of near-duplicates that connect every group; of a large group not every pair.

    signatures: [texts, N_HASHES].
    """
    if len(signatures) < 2:
        return []
    bands = np.ascontiguousarray(signatures).view(np.uint64)  # [texts, N_HASHES / _BAND]
    pairs: set[tuple[int, int]] = set()
    for keys in bands.T:
        pairs.update(_neighbours(keys))
    if not pairs:
        return []
    both = np.array(sorted(pairs))
    near = (signatures[both[:, 0]] == signatures[both[:, 1]]).mean(axis=1) >= NEAR
    return [(int(a), int(b)) for a, b in both[near]]


def _neighbours(keys: NDArray[np.uint64]) -> list[tuple[int, int]]:
    """Among texts with equal keys: each with the one before it and with the first."""
    order = np.argsort(keys, kind="stable")
    is_first = np.diff(keys[order], prepend=~keys[order[:1]]) != 0
    first = order[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))]
    before = np.roll(order, 1)
    joined = ~is_first
    partners = np.concatenate([before[joined], first[joined]])
    return list(zip(partners.tolist(), np.tile(order[joined], 2).tolist(), strict=True))


def _root(parents: list[int], i: int) -> int:
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i

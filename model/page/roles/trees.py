"""Boosted trees that say from a line's features whether it is body."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.model.files.json import JsonObject

Matrix = NDArray[np.float32]
Indices = NDArray[np.intp]

DEPTH = 6  # questions from a root to its leaves at most
_BLOCK = 512  # lines at a time: their places in all trees stay in the cache


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees in a row, the roots first.

    A line whose `feature` is greater than the `threshold` goes on to the node behind `child`, another one to `child`. A
    leaf is its own child, and its threshold is never passed.
    """

    feature: Indices  # [nodes]
    threshold: Matrix
    child: Indices
    value: Matrix  # logits, of leaves
    n_trees: int

    def logits(self, features: Matrix) -> Matrix:
        """Of each line being body. features: float32 [lines, features]; float32 [lines]"""
        blocks = [self._sum(features[start : start + _BLOCK]) for start in range(0, len(features), _BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    def _sum(self, features: Matrix) -> Matrix:
        n_lines, n_features = features.shape
        flat = np.ascontiguousarray(features).reshape(-1)
        first = np.arange(0, n_lines * n_features, n_features)[:, None]
        at = np.broadcast_to(np.arange(self.n_trees), (n_lines, self.n_trees))
        for _ in range(DEPTH):
            at = self.child[at] + (flat[first + self.feature[at]] > self.threshold[at])
        total: Matrix = self.value[at].sum(axis=1)
        return total


def read_trees(content: JsonObject) -> Trees:
    """The trees from plain numbers."""
    return Trees(
        feature=np.array(content["feature"], dtype=np.intp),
        threshold=np.array(content["threshold"], dtype=np.float32),
        child=np.array(content["child"], dtype=np.intp),
        value=np.array(content["value"], dtype=np.float32),
        n_trees=content["n_trees"],
    )


_NOTHING = np.zeros(0, dtype=np.intp)
NO_TREES = Trees(_NOTHING, np.zeros(0, np.float32), _NOTHING, np.zeros(0, np.float32), 0)  # they doubt every line

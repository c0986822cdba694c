"""The classifier of line roles: a network with one hidden layer over the features of a line and its neighbours.

`python -m copydesk.training.line_roles` trains it on pages made for that; `roles.json` keeps it as plain numbers.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copydesk.model.page.roles.features import Matrix

ROLES = ("body", "headline", "byline", "caption", "heading", "share", "subscribe", "navigation", "related", "timestamp",
         "comments", "copyright", "other")  # fmt: skip
CLASSIFIER = Path(__file__).with_name("roles.json")
REACH = 5.0  # standard deviations at which a feature is cut off: no page is as odd as it looks


@dataclass(frozen=True)
class RoleClassifier:
    """Weights of the classifier: `mean` and `scale` [features], then two dense layers."""

    mean: Matrix
    scale: Matrix
    hidden: Matrix  # [features, hidden]
    hidden_bias: Matrix
    output: Matrix  # [hidden, roles]
    output_bias: Matrix
    border: Matrix  # weights of what speaks for a border between stories (borders.py), and their bias

    def probabilities(self, features: Matrix) -> Matrix:
        """How likely each line plays each of ROLES. float32 [lines, roles]"""
        scaled = np.clip((features - self.mean) / self.scale, -REACH, REACH)
        logits = (
            _product(np.maximum(_product(scaled, self.hidden) + self.hidden_bias, 0), self.output) + self.output_bias
        )
        odds: Matrix = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Matrix = odds / odds.sum(axis=1, keepdims=True)
        return shares


@cache
def load_classifier() -> RoleClassifier:
    """The classifier that ships with copydesk."""
    content = json.loads(CLASSIFIER.read_text(encoding="utf-8"))
    return RoleClassifier(**{name: np.array(content[name], dtype=np.float32) for name in content})


def save_classifier(classifier: RoleClassifier, path: Path = CLASSIFIER) -> None:
    """Writes a classifier as JSON, four digits a number."""
    content = {name: _rounded(values) for name, values in vars(classifier).items()}
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def _product(left: Matrix, right: Matrix) -> Matrix:
    """left @ right without BLAS: its threads go on spinning after a product, a quarter of two cores under load."""
    product: Matrix = np.einsum("ij,jk->ik", left, right)
    return product


def _rounded(values: NDArray[np.float32]) -> object:
    return json.loads(json.dumps(values.tolist()), parse_float=lambda number: float(f"{float(number):.4g}"))

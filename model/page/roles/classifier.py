"""The classifier of line roles: a network with one hidden layer over the features of a line and its neighbours, and
trees that know scraped pages better.

`python -m copydesk.training.line_roles` trains both; `roles.json` keeps them as plain numbers.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copydesk.model.page.roles.features import Matrix
from copydesk.model.page.roles.trees import Trees, read_trees

ROLES = ("body", "headline", "byline", "caption", "heading", "share", "subscribe", "navigation", "related", "timestamp",
         "comments", "copyright", "other")  # fmt: skip
CLASSIFIER = Path(__file__).with_name("roles.json")
_TRACE = 1e-6  # of every role, so that a line that the network is sure of has others too
REACH = 5.0  # standard deviations at which a feature is cut off: no page is as odd as it looks


@dataclass(frozen=True)
class RoleClassifier:
    """Weights of the network: `mean` and `scale` [features], then two dense layers; and the trees."""

    mean: Matrix
    scale: Matrix
    hidden: Matrix  # [features, hidden]
    hidden_bias: Matrix
    output: Matrix  # [hidden, roles]
    output_bias: Matrix
    border: Matrix  # weights of what speaks for a border between stories (borders.py), and their bias
    trees: Trees

    def probabilities(self, features: Matrix) -> Matrix:
        """How likely each line plays each of ROLES. float32 [lines, roles]"""
        scaled = np.clip((features - self.mean) / self.scale, -REACH, REACH)
        logits = (
            _product(np.maximum(_product(scaled, self.hidden) + self.hidden_bias, 0), self.output) + self.output_bias
        )
        odds: Matrix = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Matrix = odds / odds.sum(axis=1, keepdims=True)
        return shares

    def tell_body(self, features: Matrix, roles: Matrix) -> Matrix:
        """The probabilities of a scraped page's lines: of body as the trees say, of other roles as `roles` share the
        rest."""
        furniture = 0.5 * (1 - np.tanh(0.5 * self.trees.logits(features)))[:, None]
        others = roles[:, 1:] + _TRACE
        return np.hstack([1 - furniture, furniture * others / others.sum(axis=1, keepdims=True)])


@cache
def load_classifier() -> RoleClassifier:
    """The classifier that ships with copydesk."""
    content = json.loads(CLASSIFIER.read_text(encoding="utf-8"))
    trees = content.pop("trees")
    weights = {name: np.array(values, dtype=np.float32) for name, values in content.items()}
    return RoleClassifier(**weights, trees=read_trees(trees))


def save_classifier(classifier: RoleClassifier, path: Path = CLASSIFIER) -> None:
    """Writes a classifier as JSON, four digits a number."""
    text = json.dumps(asdict(classifier), default=_to_list, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


def _product(left: Matrix, right: Matrix) -> Matrix:
    """left @ right without BLAS: its threads go on spinning after a product, a quarter of two cores under load."""
    product: Matrix = np.einsum("ij,jk->ik", left, right)
    return product


def _to_list(values: NDArray[np.float32]) -> object:
    """The array as lists, its fractions rounded."""
    return json.loads(json.dumps(values.tolist()), parse_float=lambda number: float(f"{float(number):.4g}"))

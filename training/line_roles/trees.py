"""The training of the trees that tell body from furniture on scraped pages."""

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np

from copydesk.model.page.roles.trees import DEPTH, Trees
from copydesk.training.line_roles.train import LabelledPage

# Left out of what was learned, 90 real pages have a logloss of 0.155, and 0.257 by the network.
_N_TREES = 300
_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 24,
    "max_depth": DEPTH,
    "max_bin": 63,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "num_threads": 1,  # with more, sums come in any order
    "deterministic": True,
    "verbosity": -1,
}
_BODY_WEIGHT = 1.65  # a lost line of body is worse than a line of furniture kept: F1 of pages left out 0.933 -> 0.939
_NEVER = 1e30  # threshold of a leaf


def train_trees(groups: Sequence[tuple[Sequence[LabelledPage], float]], seed: int) -> Trees:
    """Trees for groups of pages, each with the weight of its lines."""
    pages = [page for group, _ in groups for page in group]
    is_body = np.concatenate([page.roles == 0 for page in pages])
    weights = np.concatenate([np.full(len(page.roles), weight) for group, weight in groups for page in group])
    data = lightgbm.Dataset(
        np.concatenate([page.features for page in pages]),
        is_body.astype(np.float32),
        weight=np.where(is_body, _BODY_WEIGHT, 1.0) * weights,
        params=_PARAMETERS,
    )
    booster = lightgbm.train(_PARAMETERS | {"seed": seed}, data, _N_TREES)
    return flatten([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])


def flatten(roots: Sequence[dict[str, Any]]) -> Trees:  # Any: JSON
    """The trees as lightgbm describes them, their nodes in a row."""
    nodes, rows = [*roots], list[tuple[int, float, int, float]]()
    for node in nodes:  # it grows meanwhile
        if "leaf_value" in node:
            rows.append((0, _NEVER, len(rows), node["leaf_value"]))
        else:
            rows.append((node["split_feature"], node["threshold"], len(nodes), 0.0))
            nodes += (node["left_child"], node["right_child"])
    feature, threshold, child, value = zip(*rows, strict=True)
    return Trees(
        np.array(feature, dtype=np.intp),
        np.array(threshold, dtype=np.float32),
        np.array(child, dtype=np.intp),
        np.array(value, dtype=np.float32),
        len(roots),
    )

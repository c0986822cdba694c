import lightgbm
import numpy as np

from copydesk.training.line_roles.trees import flatten


def test_trees_in_a_row_say_what_lightgbm_says() -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(600, 5)).astype(np.float32)
    target = (features[:, 0] * features[:, 1] > 0.1).astype(np.float32)
    parameters = {"objective": "binary", "max_depth": 6, "num_leaves": 20, "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(features, target), 15)
    trees = flatten([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])
    assert trees.n_trees == 15
    assert np.allclose(trees.logits(features), booster.predict(features, raw_score=True), atol=1e-5)  # float32


def test_trees_that_ask_nothing_are_their_leaves() -> None:
    trees = flatten([{"leaf_value": 0.25}, {"leaf_value": -1.0}])
    assert trees.logits(np.zeros((3, 2), np.float32)).tolist() == [-0.75] * 3
    assert trees.logits(np.zeros((0, 2), np.float32)).tolist() == []

"""How the weights of what speaks for a border between two stories are learned, from pages whose stories are known."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from copydesk.model.page.roles.borders import describe_borders
from copydesk.model.page.roles.classifier import ROLES, RoleClassifier
from copydesk.training.line_roles.train import LabelledPage

_HEADLINE = ROLES.index("headline")


def train_borders(pages: Iterable[LabelledPage], classifier: RoleClassifier) -> NDArray[np.float32]:
    """A weight per feature of a border, and a bias: logistic regression over the lines that may be one."""
    features, targets = list[NDArray[np.float32]](), list[bool]()
    for page in pages:
        candidates, described = describe_borders(page.lines, classifier.probabilities(page.features))
        for i, row in zip(candidates, described, strict=True):
            if (is_border := _is_border(page, i)) is not None:
                features.append(row)
                targets.append(is_border)
    model = LogisticRegression(max_iter=2000).fit(np.stack(features), targets)
    return np.append(model.coef_[0], model.intercept_).astype(np.float32)


def _is_border(page: LabelledPage, line: int) -> bool | None:
    """The line is the headline of another story than the one before it, or stands inside one; none for a teaser's, at
    which a cut does no harm."""
    before, after = page.stories[:line], page.stories[line + 1 :]
    told, next_ = before[before > 0], after[after > 0]
    if not len(told) or not len(next_):
        return None
    is_inside = bool(told[-1] == next_[0])
    return not is_inside if is_inside or page.roles[line] == _HEADLINE else None

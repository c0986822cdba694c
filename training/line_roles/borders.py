"""How the weights of what speaks for a border between two stories are learned, from pages whose stories are known."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from copydesk.model.page.roles.borders import describe_borders
from copydesk.model.page.roles.classifier import ROLES, RoleClassifier
from copydesk.model.page.roles.features import Matrix
from copydesk.training.line_roles.train import LabelledPage

_HEADLINE = ROLES.index("headline")
_TELLING = 60  # characters of a line that no other story holds


def train_borders(groups: Sequence[tuple[Sequence[LabelledPage], float]], classifier: RoleClassifier) -> Matrix:
    """A weight per feature of a border, and a bias: logistic regression over the lines that may be one.

    groups: pages, each with the weight of its lines.
    """
    features, targets, weights = list[Matrix](), list[bool](), list[float]()
    for page, weight in ((page, weight) for group, weight in groups for page in group):
        candidates, described = describe_borders(page.lines, classifier.probabilities(page.features))
        for i, row in zip(candidates, described, strict=True):
            if (target := is_border(page, i)) is not None:
                features.append(row)
                targets.append(target)
                weights.append(weight)
    model = LogisticRegression(max_iter=5000).fit(np.stack(features), targets, sample_weight=weights)
    return np.append(model.coef_[0], model.intercept_).astype(np.float32)


def is_border(page: LabelledPage, line: int) -> bool | None:
    """The line is the headline of another story than the one before it, or stands inside one; none for a teaser's, at
    which a cut does no harm, and for a story that stands above it already: one language has few."""
    before, after = page.stories[:line], page.stories[line + 1 :]
    told, next_ = before[before > 0], after[after > 0]
    if not len(told) or not len(next_):
        return None
    if told[-1] == next_[0]:
        return False
    return True if page.roles[line] == _HEADLINE and not _is_told_again(page, line, next_[0]) else None


def _is_told_again(page: LabelledPage, line: int, story: np.int64) -> bool:
    """A line of the story below stands above too."""
    above = {one.text for one in page.lines[:line]}
    told = (one.text for one, number in zip(page.lines, page.stories, strict=True) if number == story)
    return any(text in above for text in told if len(text) >= _TELLING)

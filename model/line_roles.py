"""What each line of a page is: body of a story, or one of the kinds of furniture.

The classifier is a network with one hidden layer over the features of a line and its neighbours, trained by
`python -m training.line_roles` on pages written for the purpose and kept as plain numbers in `line_roles.json`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.line_features import OWN, Matrix, describe_lines
from model.lines import Line

ROLES = ("body", "headline", "byline", "caption", "heading", "share", "subscribe", "navigation", "related", "timestamp",
         "comments", "copyright", "other")  # fmt: skip
CLASSIFIER = Path(__file__).with_suffix(".json")
_CUED = OWN.index("cued")
REACH = 5.0  # standard deviations at which a feature is cut off: no page is as odd as it looks

_CUE = 0.5  # share of a line's words that give it away
_MIN_CUED, _MIN_CUED_SHARE = (
    3,
    0.03,
)  # such lines in a page: 1-113 of 90 real pages (a fifth of all lines), 0-2 of articles
_PLAIN = 0.8  # share of a text's characters that are body from which it is taken for a story and little else
_PLAINLY = 0.97  # probability of furniture that counts in such a text
_MIN_RUN = 3  # lines of furniture on end that are no doubt a part of a page
_LONG = 150  # characters; no headline, and seldom furniture, is longer
_MAX_CAPTION = 400
_CREDIT_AT_END = re.compile(
    r"(?:^|[.!?\"'”’)\]\s|[-–—|(/]\s?|\s)(?:PHOTOS?|Photos?|FOTOS?|Fotos?|IMAGES?|Image|Picture|Photograph|Photographer|Credit|"
    r"Cr[ée]dito?s?|Bild|Фото)\s?(?:by|:|©|/)\s?[^.!?]{2,70}\)?\.?$"
)


@dataclass(frozen=True)
class RoleClassifier:
    """Weights of the classifier: `mean` and `scale` [features], then two dense layers."""

    mean: Matrix
    scale: Matrix
    hidden: Matrix  # [features, hidden]
    hidden_bias: Matrix
    output: Matrix  # [hidden, roles]
    output_bias: Matrix

    def probabilities(self, features: Matrix) -> Matrix:
        """How likely each line plays each of ROLES. float32 [lines, roles]"""
        scaled = np.clip((features - self.mean) / self.scale, -REACH, REACH)
        logits = np.maximum(scaled @ self.hidden + self.hidden_bias, 0) @ self.output + self.output_bias
        odds: Matrix = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Matrix = odds / odds.sum(axis=1, keepdims=True)
        return shares


def role_probabilities(lines: Sequence[Line]) -> Matrix:
    """How likely each line plays each of ROLES. float32 [lines, roles]"""
    features = describe_lines(lines)
    roles = load_classifier().probabilities(features)
    _give_benefit_of_doubt(lines, features[:, _CUED] >= _CUE, roles)
    _mark_credits(lines, roles)
    return roles


def _mark_credits(lines: Sequence[Line], roles: Matrix) -> None:
    """Makes a caption of each short line that ends with the name of its photographer."""
    for i, line in enumerate(lines):
        if len(line.text) <= _MAX_CAPTION and _CREDIT_AT_END.search(line.text):
            roles[i] = 0
            roles[i, ROLES.index("caption")] = 1


def _give_benefit_of_doubt(lines: Sequence[Line], is_cued: NDArray[np.bool_], roles: Matrix) -> None:
    """Lets a text keep lines as body unless they are plainly furniture, when it may be a story and little else.

    A page speaks of itself: among its lines are many like "Share" or "Privacy". A text that hardly does is no page,
    however short its lines. A text that does, but is nearly all body, may still lose what stands together.
    """
    widths = np.array([len(line.text) for line in lines])
    is_page = is_cued.sum() >= _MIN_CUED and is_cued.mean() >= _MIN_CUED_SHARE
    if is_page and (widths * roles[:, 0]).sum() < _PLAIN * widths.sum():
        return
    is_first = np.arange(len(lines)) == 0
    is_headline = roles.argmax(axis=1) == ROLES.index("headline")
    is_plainly = (roles[:, 1:].max(axis=1) >= _PLAINLY) & (widths <= _LONG) & ~is_headline
    is_title = is_first & is_headline & (widths <= _LONG)
    keep = ~is_title & (_is_lonely(roles[:, 0] < 0.5) & ~is_plainly if is_page else ~(is_plainly & is_cued))
    roles[keep] = 0
    roles[keep, 0] = 1


def _is_lonely(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True for flags in runs of fewer than three."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    lonely = flags.copy()
    for start, end in edges.reshape(-1, 2).tolist():
        lonely[start:end] = end - start < _MIN_RUN
    return lonely


@cache
def load_classifier() -> RoleClassifier:
    """The classifier that ships with copydesk."""
    content = json.loads(CLASSIFIER.read_text(encoding="utf-8"))
    return RoleClassifier(**{name: np.array(content[name], dtype=np.float32) for name in content})


def save_classifier(classifier: RoleClassifier, path: Path = CLASSIFIER) -> None:
    """Writes a classifier as JSON, four digits a number."""
    content = {name: _rounded(values) for name, values in vars(classifier).items()}
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def _rounded(values: NDArray[np.float32]) -> object:
    return json.loads(json.dumps(values.tolist()), parse_float=lambda number: float(f"{float(number):.4g}"))

"""From logits and contributions to tags with evidence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.model.analysis import Evidence, Span, Tag

_MAX_EVIDENCE = 3


@dataclass(frozen=True)
class LabelRule:
    """How a label's logit becomes a score and a decision.

    score = sigmoid(slope * logit + intercept) (Platt 1999); assigned when score >= threshold.
    """

    label: str
    threshold: float = 0.5
    slope: float = 1.0
    intercept: float = 0.0

    def score(self, logit: float) -> float:
        """The calibrated probability of the label."""
        return sigmoid(self.slope * logit + self.intercept)


@dataclass(frozen=True)
class Passage:
    """A sentence's text and place; a title that does not stand in the text has none."""

    text: str
    span: Span | None
    is_title: bool = False


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def make_tags(
    rules: Sequence[LabelRule],
    logits: Sequence[float],
    contributions: Sequence[Sequence[float]],
    passages: Sequence[Passage],
    *,
    is_all_explained: bool = False,
) -> tuple[Tag, ...]:
    """One tag per label, in the bundle's order.

    logits: one per label; contributions: [sentences][labels]; passages: one per sentence. is_all_explained: labels that
    are not assigned have evidence too.
    """
    tags = []
    for i, (rule, logit) in enumerate(zip(rules, logits, strict=True)):
        score = rule.score(logit)
        is_assigned = score >= rule.threshold
        weights = [row[i] for row in contributions] if is_assigned or is_all_explained else []
        tags.append(Tag(rule.label, score, is_assigned, rule.threshold, _pick_evidence(weights, passages)))
    return tuple(tags)


def _pick_evidence(weights: Sequence[float], passages: Sequence[Passage]) -> tuple[Evidence, ...]:
    """The sentences that add most to the logit, best first; at least a tenth of the best one's share."""
    best = sorted(range(len(weights)), key=lambda i: -weights[i])[:_MAX_EVIDENCE]
    chosen = [i for i in best if weights[i] > 0 and weights[i] >= 0.1 * weights[best[0]]]
    return tuple(_evidence(passages[i], weights[i]) for i in chosen)


def _evidence(passage: Passage, weight: float) -> Evidence:
    start, end = passage.span or (None, None)
    return Evidence(start, end, passage.text, weight)

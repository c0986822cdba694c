"""Measuring a bundle: its tags against labels, its summaries against references."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model.analysis import Document, Options
from model.analyzer import Analyzer
from model.tags import LabelRule
from training.metrics import Floats, LabelQuality, all_quality, macro_f1
from training.stories import LabelledStory

_CHUNK = 32


@dataclass(frozen=True)
class TagReport:
    """Quality per label and its mean."""

    labels: dict[str, LabelQuality]
    macro_f1: float
    n_stories: int

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)


def evaluate_tags(targets: Floats, logits: Floats, rules: Sequence[LabelRule]) -> TagReport:
    """Quality of the rules' decisions. targets and logits: [stories, labels]."""
    scores = np.stack([[rule.score(float(x)) for x in logits[:, i]] for i, rule in enumerate(rules)], axis=1)
    quality = all_quality(targets, scores, [rule.threshold for rule in rules], [rule.label for rule in rules])
    return TagReport(quality, macro_f1(quality), len(targets))


def story_logits(analyzer: Analyzer, stories: Sequence[LabelledStory]) -> Floats:
    """Tag logits of whole stories, float64 [stories, labels], as the service would compute them."""
    options = Options(stories="whole")
    rows: list[Any] = []
    for start in range(0, len(stories), _CHUNK):
        chunk = [analyzer.prepare(Document(s.text, s.title), options) for s in stories[start : start + _CHUNK]]
        rows += [scores[0].logits.numpy() for scores in analyzer.forward(chunk)]
    return np.stack(rows).astype(np.float64)


def story_targets(stories: Sequence[LabelledStory], labels: Sequence[str]) -> Floats:
    """Targets, float64 [stories, labels]: 1, 0, or -1 where the annotator was unsure."""
    return np.array([[-1.0 if label in s.unsure else float(label in s.labels) for label in labels] for s in stories])

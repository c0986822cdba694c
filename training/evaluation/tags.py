"""Measuring a bundle's tags against labels."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.files.json import JsonObject
from copydesk.model.output.tags import LabelRule, sigmoid
from copydesk.training.data.stories import LabelledStory
from copydesk.training.evaluation.slices import slice_by_length, slice_by_topics
from copydesk.training.metrics.bootstrap import Interval, f1_intervals
from copydesk.training.metrics.quality import (
    Floats,
    LabelQuality,
    all_quality,
    average_precision,
    calibration_error,
    macro_f1,
    micro_f1,
    subset_accuracy,
)

_CHUNK = 32
_N_MISTAKES = 20


@dataclass(frozen=True)
class LabelReport(LabelQuality):
    """Quality of one label. `ece` is that of the scores, `raw_ece` that of the logits' plain sigmoid, where known."""

    f1_interval: Interval
    average_precision: float | None
    ece: float
    raw_ece: float | None


@dataclass(frozen=True)
class TagReport:
    """Quality per label and over all of them; masked decisions count nowhere."""

    labels: dict[str, LabelReport]
    macro_f1: float
    macro_f1_interval: Interval
    micro_f1: float
    subset_accuracy: float
    n_stories: int

    def to_json(self) -> JsonObject:
        """The report as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class SliceReport:
    """Quality on a part of the stories; no macro-F1 where no story carries a label."""

    n_stories: int
    macro_f1: float | None
    subset_accuracy: float


@dataclass(frozen=True)
class Mistake:
    """A wrong decision: the score of a label that the story carries (missed) or does not carry (false alarm)."""

    id: str
    label: str
    is_missed: bool
    score: float


def evaluate_tags(targets: Floats, logits: Floats, rules: Sequence[LabelRule]) -> TagReport:
    """Quality of the rules' decisions. targets and logits: [stories, labels]."""
    thresholds, labels = [rule.threshold for rule in rules], [rule.label for rule in rules]
    return evaluate_scores(targets, calibrate(logits, rules), thresholds, labels, raw_scores=raw_scores(logits))


def evaluate_scores(
    targets: Floats,
    scores: Floats,
    thresholds: Sequence[float],
    labels: Sequence[str],
    *,
    raw_scores: Floats | None = None,
) -> TagReport:
    """Quality of scores in [0, 1]; raw_scores are those before calibration. All [stories, labels]."""
    quality = all_quality(targets, scores, thresholds, labels)
    decisions = scores >= np.array(thresholds)
    f1s, macro = f1_intervals(targets, decisions)
    reports = {
        label: LabelReport(
            **asdict(quality[label]),
            f1_interval=f1s[i],
            average_precision=average_precision(targets[:, i], scores[:, i]),
            ece=calibration_error(targets[:, i], scores[:, i]),
            raw_ece=None if raw_scores is None else calibration_error(targets[:, i], raw_scores[:, i]),
        )
        for i, label in enumerate(labels)
    }
    return TagReport(
        labels=reports,
        macro_f1=macro_f1(quality),
        macro_f1_interval=macro,
        micro_f1=micro_f1(targets, decisions),
        subset_accuracy=subset_accuracy(targets, decisions),
        n_stories=len(targets),
    )


def evaluate_slices(
    stories: Sequence[LabelledStory], targets: Floats, scores: Floats, rules: Sequence[LabelRule]
) -> dict[str, SliceReport]:
    """Quality by length and by number of topics. targets and scores: [stories, labels]."""
    slices = slice_by_length(s.text for s in stories) | slice_by_topics(stories, [rule.label for rule in rules])
    return {name: _slice(targets[members], scores[members], rules) for name, members in slices.items()}


def find_mistakes(
    stories: Sequence[LabelledStory], targets: Floats, scores: Floats, rules: Sequence[LabelRule]
) -> list[Mistake]:
    """The wrong decisions whose scores are furthest from the truth, worst first."""
    wrong = (targets >= 0) & ((scores >= np.array([rule.threshold for rule in rules])) != (targets > 0))
    distance = np.where(wrong, np.abs(scores - targets), -1.0)
    worst = np.argsort(-distance, axis=None, kind="stable")[: min(_N_MISTAKES, int(wrong.sum()))]
    return [
        Mistake(stories[i].id, rules[j].label, is_missed=bool(targets[i, j] > 0), score=float(scores[i, j]))
        for i, j in (divmod(int(flat), len(rules)) for flat in worst)
    ]


def calibrate(logits: Floats, rules: Sequence[LabelRule]) -> Floats:
    """The rules' scores for logits [stories, labels]."""
    return np.stack([[rule.score(float(x)) for x in logits[:, i]] for i, rule in enumerate(rules)], axis=1)


def raw_scores(logits: Floats) -> Floats:
    """The scores without calibration."""
    return np.array([[sigmoid(float(x)) for x in row] for row in logits])


def story_logits(analyzer: Analyzer, stories: Sequence[LabelledStory]) -> Floats:
    """Tag logits of whole stories, float64 [stories, labels], as the service would compute them."""
    options = Options(stories="whole")
    rows: list[NDArray[np.float32]] = []
    for start in range(0, len(stories), _CHUNK):
        chunk = [analyzer.prepare(Document(s.text, s.title), options) for s in stories[start : start + _CHUNK]]
        rows += [scores[0].logits for scores in analyzer.forward(chunk)]
    return np.stack(rows).astype(np.float64)


def _slice(targets: Floats, scores: Floats, rules: Sequence[LabelRule]) -> SliceReport:
    thresholds = [rule.threshold for rule in rules]
    quality = all_quality(targets, scores, thresholds, [rule.label for rule in rules])
    return SliceReport(
        n_stories=len(targets),
        macro_f1=macro_f1(quality) if (targets > 0).any() else None,
        subset_accuracy=subset_accuracy(targets, scores >= np.array(thresholds)),
    )

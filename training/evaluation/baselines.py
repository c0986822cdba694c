"""What the network has to beat, learned from the same stories: the majority, keywords, TF-IDF with a linear model."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from copydesk.model.errors import DataError
from copydesk.training.data.stories import LabelledStory, count_labels, split_stories, story_targets
from copydesk.training.evaluation.tags import TagReport, evaluate_scores
from copydesk.training.metrics.calibration import choose_threshold
from copydesk.training.metrics.quality import Floats

_HELD_OUT = 0.15  # of the stories, for the thresholds of the linear model
_MIN_HITS = 3  # keywords a story needs: one or two are often a passing mention
_KEYWORDS = {
    "trade": r"tariffs?|dut(?:y|ies)|trade (?:deal|war|talks|deficit|surplus|balance|agreement|pact|policy|barriers?)"
    r"|imports?|exports?|exporters?|importers?|customs|sanctions?|wto|world trade organization|quotas?|embargo",
    "security": r"military|army|navy|troops?|soldiers?|missiles?|weapons?|defen[cs]e|nato|pentagon|war|warships?"
    r"|nuclear|terroris[mt]s?|intelligence|espionage|spy|spies|airstrikes?|national security|insurgents?|drones?",
    "taiwan": r"taiwan(?:ese)?|taipei|cross-strait|kuomintang|kmt|tsmc|kaohsiung|tsai ing-wen|lai ching-te",
    "drugs": r"fentanyl|heroin|cocaine|opioids?|meth(?:amphetamine)?|cannabis|marijuana|overdoses?|cartels?|narcotics?"
    r"|traffick(?:ing|ers?)|addict(?:ion|s)?|naloxone|oxycontin|drug (?:policy|ring|smuggl\w+|lords?|seizures?)",
}


@dataclass(frozen=True)
class Baseline:
    """Scores in [0, 1], float64 [stories, labels], and a threshold per label."""

    scores: Floats
    thresholds: list[float]


def evaluate_baselines(
    train: Sequence[LabelledStory], stories: Sequence[LabelledStory], labels: Sequence[str]
) -> dict[str, TagReport]:
    """Every baseline's quality on `stories`. Raises DataError for a label that no story in `train` carries."""
    counts = count_labels(train)
    for label in labels:
        if not counts[label]:
            raise DataError(f"label {label!r}: none of the {len(train)} stories the baselines learn from carries it")
    targets = story_targets(stories, labels)
    baselines = {
        name: evaluate_scores(targets, baseline.scores, baseline.thresholds, labels)
        for name, baseline in (
            ("majority", predict_majority(train, stories, labels)),
            ("TF-IDF, logistic regression", predict_tfidf(train, stories, labels)),
        )
    }
    if set(labels) <= set(_KEYWORDS):
        by_rule = predict_keywords(stories, labels)
        baselines["keyword rules"] = evaluate_scores(targets, by_rule.scores, by_rule.thresholds, labels)
    return baselines


def predict_majority(
    train: Sequence[LabelledStory], stories: Sequence[LabelledStory], labels: Sequence[str]
) -> Baseline:
    """Every story gets what most stories have: each label's share is its score."""
    targets = np.ma.masked_less(story_targets(train, labels), 0)
    return Baseline(np.tile(targets.mean(axis=0).filled(0.0), (len(stories), 1)), [0.5] * len(labels))


def predict_keywords(stories: Sequence[LabelledStory], labels: Sequence[str]) -> Baseline:
    """A label for three of its keywords or more; score = hits / (hits + 3), which ranks and is no probability."""
    patterns = [re.compile(rf"\b(?:{_KEYWORDS[label]})\b", re.IGNORECASE) for label in labels]
    hits = np.array([[len(pattern.findall(_text(story))) for pattern in patterns] for story in stories], np.float64)
    return Baseline(hits / (hits + _MIN_HITS), [0.5] * len(labels))


def predict_tfidf(train: Sequence[LabelledStory], stories: Sequence[LabelledStory], labels: Sequence[str]) -> Baseline:
    """Words and pairs of words, a linear model per label, thresholds from stories held out by content."""
    kept, held_out = split_stories(train, _HELD_OUT)
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, strip_accents="unicode")
    learned = vectorizer.fit_transform(map(_text, kept))
    seen, new = (vectorizer.transform(map(_text, part)) for part in (held_out, stories))
    targets, tuned = story_targets(kept, labels), story_targets(held_out, labels)
    scores, thresholds = [], []
    for i in range(len(labels)):
        score = _fit(learned, targets[:, i])
        known = tuned[:, i] >= 0
        thresholds.append(choose_threshold(tuned[known, i], score(seen)[known]))
        scores.append(score(new))
    return Baseline(np.stack(scores, axis=1), thresholds)


def _fit(features: Any, targets: Floats) -> Callable[[Any], Floats]:  # Any: scipy's sparse matrices have no types
    """A model's probability of the label; a label that all or none carry gets its share."""
    known = targets >= 0
    if len(set(targets[known])) < 2:
        share = float(targets[known].mean()) if known.any() else 0.0
        return lambda rows: np.full(rows.shape[0], share)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    model.fit(features[known], targets[known])
    return lambda rows: np.asarray(model.predict_proba(rows)[:, 1], np.float64)


def _text(story: LabelledStory) -> str:
    return f"{story.title or ''}\n{story.text}"

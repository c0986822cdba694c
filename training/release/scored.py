"""A bundle with what it says of stories and articles: all that a comparison needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.errors import BundleError, DataError
from copydesk.training.config import SummariesSection
from copydesk.training.data.articles import load_articles
from copydesk.training.data.editors import EditedStory
from copydesk.training.data.stories import LabelledStory
from copydesk.training.evaluation.editors import judge_all, serve_stories
from copydesk.training.evaluation.summaries import Article, summarise_articles
from copydesk.training.evaluation.tags import calibrate, story_logits
from copydesk.training.metrics.quality import Decisions, Floats
from copydesk.training.metrics.rouge import KINDS, score_summaries

Sets = Mapping[str, Sequence[LabelledStory]]  # by name, such as "frozen test"


@dataclass(frozen=True)
class ScoredBundle:
    """scores: per set of stories, float64 [stories, labels]; rouge: float64 [articles, kinds], NaN where there is no
    summary, or none if no articles were given; credit: float64 [edited articles, FIGURES], likewise."""

    bundle: Bundle
    scores: Mapping[str, Floats]
    rouge: Floats | None = None
    credit: Floats | None = None

    def columns(self, labels: Sequence[str]) -> list[int]:
        """Where these labels stand in the scores."""
        return [self.bundle.labels.index(label) for label in labels]

    def decide(self, name: str, labels: Sequence[str]) -> Decisions:
        """Which of the labels are assigned in a set, bool [stories, labels]."""
        thresholds = np.array([rule.threshold for rule in self.bundle.rules])
        decisions: Decisions = (self.scores[name] >= thresholds)[:, self.columns(labels)]
        return decisions


def score_bundle(
    directory: Path,
    sets: Sets,
    summaries: str | None = None,
    edited: Sequence[EditedStory] = (),
    *,
    device: str = "auto",
) -> ScoredBundle:
    """Let the bundle analyse everything. Raises BundleError when a score is not a number."""
    analyzer = Analyzer.load(directory, device)
    rules = analyzer.bundle.rules
    filled = {name: stories for name, stories in sets.items() if stories}
    scores = {name: calibrate(story_logits(analyzer, stories), rules) for name, stories in filled.items()}
    if not all(np.isfinite(values).all() for values in scores.values()):
        raise BundleError(f"{directory}: gives scores that are not numbers; train it again")
    return ScoredBundle(
        analyzer.bundle,
        scores,
        _score_rouge(analyzer, summaries) if summaries else None,
        judge_all(edited, [one.chosen for one in serve_stories(analyzer, edited)]) if edited else None,
    )


def _score_rouge(analyzer: Analyzer, source: str) -> Floats:
    articles = summarise_articles(analyzer, load_articles(SummariesSection(source=source)))
    rows = np.array([_article_rouge(article) for article in articles], np.float64).reshape(-1, len(KINDS))
    if not np.isfinite(rows).any():
        raise DataError(f"{source}: none of its {len(rows)} articles could be summed up; expected running text")
    return rows


def _article_rouge(article: Article | None) -> Floats:
    if article is None:
        return np.full(len(KINDS), np.nan)
    sentences = [article.text[start:end] for start, end in article.ours]
    row: Floats = score_summaries([sentences], [article.reference])[0]
    return row

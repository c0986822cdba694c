"""All that an evaluation of a bundle measures: its tags on labelled stories, its summaries beside references and by
what editors would print."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.errors import DataError
from copydesk.model.files.json import JsonObject
from copydesk.training.config import SummariesSection
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.articles import load_articles
from copydesk.training.data.stories import LabelledStory, collect_labels, count_labels, read_stories, story_targets
from copydesk.training.evaluation.baselines import evaluate_baselines
from copydesk.training.evaluation.editors import EditorsReport
from copydesk.training.evaluation.summaries import SummaryReport, score_articles, summarise_articles, summarise_scores
from copydesk.training.evaluation.tags import (
    Mistake,
    SliceReport,
    TagReport,
    calibrate,
    evaluate_slices,
    evaluate_tags,
    find_mistakes,
    raw_scores,
    story_logits,
)
from copydesk.training.metrics.quality import Floats

_CORPUS = Path(__file__).parent.parent / "corpus" / "*.jsonl"


@dataclass(frozen=True)
class TagMeasures:
    """All that was measured of the tags. Arrays: float64 [stories, labels].

    baselines: None where the stories to learn from carry other labels than the bundle.
    """

    file: str
    targets: Floats
    scores: Floats
    raw_scores: Floats
    report: TagReport
    baselines: dict[str, TagReport] | None
    slices: dict[str, SliceReport]
    mistakes: list[Mistake]

    def to_json(self) -> JsonObject:
        """What was measured, without the scores of the stories."""
        return {
            "file": self.file,
            **asdict(self.report),
            "baselines": {name: asdict(report) for name, report in (self.baselines or {}).items()},
            "slices": {name: asdict(part) for name, part in self.slices.items()},
            "mistakes": [asdict(mistake) for mistake in self.mistakes],
        }


@dataclass(frozen=True)
class BundleMeasures:
    """All that was measured of a bundle."""

    bundle: Bundle
    tags: TagMeasures | None
    summaries: SummaryReport | None
    editors: EditorsReport | None = None

    def to_json(self) -> JsonObject:
        """The content of report.json."""
        return {
            "bundle": self.bundle.digest,
            "name": self.bundle.name,
            "tags": self.tags.to_json() if self.tags else None,
            "summaries": asdict(self.summaries) if self.summaries else None,
            "editors": asdict(self.editors) if self.editors else None,
        }


def measure_tags(analyzer: Analyzer, data: str, train_data: Sequence[str] = ()) -> TagMeasures:
    """Measure the tags on labelled stories; the baselines learn from `train_data`, by default the corpus that ships."""
    stories = read_stories([data])
    rules, labels = analyzer.bundle.rules, analyzer.bundle.labels
    collect_labels(stories, labels)
    logits, targets = story_logits(analyzer, stories), story_targets(stories, labels)
    scores = calibrate(logits, rules)
    return TagMeasures(
        file=Path(data).name,
        targets=targets,
        scores=scores,
        raw_scores=raw_scores(logits),
        report=evaluate_tags(targets, logits, rules),
        baselines=_measure_baselines(stories, labels, train_data),
        slices=evaluate_slices(stories, targets, scores, rules),
        mistakes=find_mistakes(stories, targets, scores, rules),
    )


def measure_summaries(
    analyzer: Analyzer, source: str, limit: int | None = None, progress: Progress = SILENT
) -> SummaryReport:
    """Measure the summaries on articles with reference summaries, on `limit` of them if that is given."""
    data = load_articles(SummariesSection(source=source))
    if limit is not None:
        data = data.shuffle(seed=0).select(range(min(limit, len(data))))
    found = progress.track(summarise_articles(analyzer, data), len(data), "summaries", "articles")
    articles = [article for article in found if article is not None]
    if not articles:
        raise DataError(f"{source}: none of its {len(data)} articles could be summed up; expected running text")
    scores = list(progress.track(score_articles(articles), len(articles), "ROUGE", "articles"))
    return summarise_scores(scores, [article.text for article in articles], len(data) - len(articles))


def _measure_baselines(
    stories: Sequence[LabelledStory], labels: Sequence[str], train_data: Sequence[str]
) -> dict[str, TagReport] | None:
    train = read_stories(train_data or [str(_CORPUS)])
    if not train_data and set(labels) - set(count_labels(train)):
        return None
    return evaluate_baselines(train, stories, labels)

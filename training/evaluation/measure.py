"""All that an evaluation of a bundle measures."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from copydesk.model.analysis import Analysis, Document, Options, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.errors import DataError
from copydesk.training.config import SummariesSection
from copydesk.training.data.articles import load_articles
from copydesk.training.data.stories import LabelledStory, collect_labels, count_labels, read_stories, story_targets
from copydesk.training.evaluation.baselines import evaluate_baselines
from copydesk.training.evaluation.extracts import N_SENTENCES
from copydesk.training.evaluation.summaries import Article, SummaryReport, score_articles, summarise_scores
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

    def to_json(self) -> dict[str, Any]:
        """What was measured, without the scores of the stories."""
        return {
            "file": self.file,
            **asdict(self.report),
            "baselines": {name: asdict(report) for name, report in (self.baselines or {}).items()},
            "slices": {name: asdict(part) for name, part in self.slices.items()},
            "mistakes": [asdict(mistake) for mistake in self.mistakes],
        }


@dataclass(frozen=True)
class Measured:
    """What was measured of a bundle."""

    bundle: Bundle
    tags: TagMeasures | None
    summaries: SummaryReport | None

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "bundle": self.bundle.digest,
            "name": self.bundle.name,
            "tags": self.tags.to_json() if self.tags else None,
            "summaries": asdict(self.summaries) if self.summaries else None,
        }


def measure(
    bundle: Path,
    data: str | None,
    summaries: str | None,
    *,
    limit: int | None,
    device: str,
    train_data: Sequence[str] = (),
) -> Measured:
    """Measure the bundle on labelled stories, on articles with reference summaries, or on both.

    The baselines learn from `train_data`, by default from the corpus that ships.
    """
    analyzer = Analyzer.load(bundle, device)
    tags = _measure_tags(analyzer, data, train_data) if data else None
    return Measured(analyzer.bundle, tags, _measure_summaries(analyzer, summaries, limit) if summaries else None)


def summarise_articles(analyzer: Analyzer, data: Any) -> Iterator[Article | None]:  # Any: datasets has no types
    """Each article with the sentences we choose; none where it cannot be analysed or has no reference."""
    options = Options("whole", SummaryOptions(sentences=N_SENTENCES))
    results = analyzer.analyze_many((Document(text) for text in data["article"]), options)
    for row, result in zip(data, results, strict=True):
        if not isinstance(result, Analysis) or not row["highlights"].strip():
            yield None
            continue
        spans = tuple((sentence.start, sentence.end) for sentence in result.story.summary.sentences)
        yield Article(row.get("source") or "all", row["article"], row["highlights"], spans)


def _measure_tags(analyzer: Analyzer, data: str, train_data: Sequence[str]) -> TagMeasures:
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


def _measure_baselines(
    stories: Sequence[LabelledStory], labels: Sequence[str], train_data: Sequence[str]
) -> dict[str, TagReport] | None:
    train = read_stories(train_data or [str(_CORPUS)])
    if not train_data and set(labels) - set(count_labels(train)):
        return None
    return evaluate_baselines(train, stories, labels)


def _measure_summaries(analyzer: Analyzer, source: str, limit: int | None) -> SummaryReport:
    data = load_articles(SummariesSection(source=source))
    if limit is not None:
        data = data.shuffle(seed=0).select(range(min(limit, len(data))))
    with _progress() as progress:
        task = progress.add_task("summaries", total=len(data))
        articles = []
        for article in summarise_articles(analyzer, data):
            progress.advance(task)
            articles += [article] if article else []
        if not articles:
            raise DataError(f"{source}: none of its {len(data)} articles could be summed up; expected running text")
        task = progress.add_task("ROUGE", total=len(articles))
        scores = score_articles(articles, lambda: progress.advance(task))
    return summarise_scores(scores, [article.text for article in articles], len(data) - len(articles))


def _progress() -> Progress:
    columns = (TextColumn("{task.description:9}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))

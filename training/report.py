"""The evaluation of a bundle, measured, printed and written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from model.analysis import Analysis, Document, Options, SummaryOptions
from model.analyzer import Analyzer
from model.bundle import Bundle
from model.sentences import split_sentences
from training.config import SummariesSection
from training.evaluation import TagReport, evaluate_tags, story_logits, story_targets
from training.rouge import SummaryScores, score_summaries
from training.stories import collect_labels, read_stories
from training.train import load_articles

_LEAD = 3


@dataclass(frozen=True)
class Measured:
    """What was measured; `summaries` maps a source ("cnn") to the scores of each system on it."""

    bundle: Bundle
    tags: TagReport | None
    summaries: dict[str, dict[str, SummaryScores]]


def measure(bundle: Path, data: str | None, summaries: str | None, *, limit: int | None, device: str) -> Measured:
    """Measure the bundle on labelled stories, on articles with reference summaries, or on both."""
    analyzer = Analyzer.load(bundle, device)
    tags = _measure_tags(analyzer, data) if data else None
    return Measured(analyzer.bundle, tags, _measure_summaries(analyzer, summaries, limit) if summaries else {})


def print_report(console: Console, measured: Measured) -> None:
    """Tables for a person."""
    if measured.tags:
        console.print(_tag_table(measured.tags))
    for source, systems in measured.summaries.items():
        console.print(_summary_table(source, systems))


def write_report(directory: Path, measured: Measured) -> None:
    """report.json in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {"bundle": measured.bundle.digest}
    if measured.tags:
        content["tags"] = measured.tags.to_json()
    content["summaries"] = {
        source: {name: scores.mean for name, scores in systems.items()}
        for source, systems in measured.summaries.items()
    }
    (directory / "report.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _measure_tags(analyzer: Analyzer, data: str) -> TagReport:
    stories = read_stories([data])
    labels = analyzer.bundle.labels
    collect_labels(stories, labels)
    return evaluate_tags(story_targets(stories, labels), story_logits(analyzer, stories), analyzer.bundle.rules)


def _measure_summaries(analyzer: Analyzer, source: str, limit: int | None) -> dict[str, dict[str, SummaryScores]]:
    articles = load_articles(SummariesSection(source=source))
    if limit is not None:
        articles = articles.shuffle(seed=0).select(range(min(limit, len(articles))))
    groups = articles["source"] if "source" in articles.column_names else ["all"] * len(articles)
    options = Options("whole", SummaryOptions(sentences=_LEAD))
    results = analyzer.analyze_many((Document(text) for text in articles["article"]), options)
    rows: dict[str, list[tuple[list[str], list[str], str]]] = {}
    for group, text, reference, result in zip(
        groups, articles["article"], articles["highlights"], results, strict=True
    ):
        if isinstance(result, Analysis):
            lead = [text[s.start : s.end] for s in split_sentences(text)[:_LEAD]]
            ours = [sentence.text for sentence in result.story.summary.sentences]
            rows.setdefault(group, []).append((ours, lead, reference))
    return {group: _score(group_rows) for group, group_rows in rows.items()}


def _score(rows: list[tuple[list[str], list[str], str]]) -> dict[str, SummaryScores]:
    ours, lead, references = zip(*rows, strict=True)
    return {"copydesk": score_summaries(ours, references), "lead-3": score_summaries(lead, references)}


def _tag_table(report: TagReport) -> Table:
    table = Table("label", "precision", "recall", "F1", "stories", title=f"tags on {report.n_stories} stories")
    for label, quality in report.labels.items():
        numbers = (f"{value:.3f}" for value in (quality.precision, quality.recall, quality.f1))
        table.add_row(label, *numbers, str(quality.support))
    table.add_row("macro", "", "", f"{report.macro_f1:.3f}", "")
    return table


def _summary_table(source: str, systems: dict[str, SummaryScores]) -> Table:
    n = len(next(iter(systems.values())).values)
    table = Table("system", "ROUGE-1", "ROUGE-2", "ROUGE-Lsum", title=f"summaries of {n} articles, {source}")
    for name, scores in systems.items():
        table.add_row(name, *(f"{value:.2f}" for value in scores.mean))
    return table

"""Somebody else's labels: `copydesk train --data` on Reuters-21578, beside TF-IDF with a linear SVM, and what the
summary loses by it.

A fifth of the training split is kept apart for testing as `copydesk train --store` does it: by content hash, with
near-duplicates, a fifth of every topic. F1 is over every topic that occurs there; a topic with too few stories to be
learned counts as never assigned. Published for comparison: BERT-base, micro-F1 0.89 on the test split.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from benchmarks.bench import Bench, Report, find_data
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from copydesk.training.config import read_config
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory, read_stories, story_targets
from copydesk.training.data.tag_data import load_tag_data
from copydesk.training.evaluation.measure import measure_summaries
from copydesk.training.evaluation.systems import OURS
from copydesk.training.evaluation.tags import calibrate, story_logits
from copydesk.training.fit.run import train
from copydesk.training.fit.warm_start import find_start
from copydesk.training.metrics.quality import Decisions, label_quality, micro_f1
from support.tiny import ROOT

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Result:
    """What a system assigned, bool [stories, labels], and how long it learned."""

    decisions: Decisions
    minutes: float
    n_labels: int


def run_ours(learn: Sequence[LabelledStory], test: Sequence[LabelledStory], labels: Sequence[str], out: Path) -> Result:
    """`copydesk train --skip-bad`, from files to bundle."""
    out.mkdir(parents=True, exist_ok=True)
    rows = ({"text": s.text, "title": s.title, "labels": sorted(s.labels)} for s in learn)
    (out / "learn.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = read_config(ROOT / "configs" / "topics.toml").with_sources([str(out / "learn.jsonl")], None)
    started = time.perf_counter()
    data, start = load_tag_data(config, skip_bad=True), find_start(config, DEFAULT_BUNDLE)
    bundle = train(config, data, start, out / "bundle")
    minutes = (time.perf_counter() - started) / 60
    scores = calibrate(story_logits(Analyzer.load(out / "bundle"), test), bundle.rules)
    decisions = np.zeros((len(test), len(labels)), bool)
    for column, rule in enumerate(bundle.rules):
        decisions[:, labels.index(rule.label)] = scores[:, column] >= rule.threshold
    return Result(decisions, minutes, len(bundle.rules))


def run_svm(learn: Sequence[LabelledStory], test: Sequence[LabelledStory], labels: Sequence[str]) -> Result:
    """Words and pairs of words, a linear SVM per label at its own threshold."""
    started = time.perf_counter()
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, strip_accents="unicode")
    learned = vectorizer.fit_transform(f"{s.title or ''}\n{s.text}" for s in learn)
    seen = vectorizer.transform(f"{s.title or ''}\n{s.text}" for s in test)
    targets = story_targets(learn, labels)
    decisions = np.zeros((len(test), len(labels)), bool)
    for column in np.flatnonzero(targets.any(axis=0)):
        decisions[:, column] = LinearSVC(C=1.0).fit(learned, targets[:, column]).predict(seen) > 0
    return Result(decisions, (time.perf_counter() - started) / 60, int(targets.any(axis=0).sum()))


def main(bench: Bench) -> Report:
    """Split, run both systems, compare the summaries of the new bundle with those of its base."""
    stories = read_stories([str(find_data("reuters21578-train.jsonl.gz"))])[: bench.pick(None, 200)]
    split = FrozenTest(TEST_SHARE).split(stories)
    learn, test = split.train + split.held_out, split.test
    labels = sorted({label for story in stories for label in story.labels})
    print(f"{len(learn)} stories to learn from, {len(test)} to test on, {len(labels)} topics", flush=True)
    report = Report()
    report.start_table("system", "learned", "micro-F1", "macro-F1", "minutes")
    _add_row(report, "TF-IDF, linear SVM", test, labels, run_svm(learn, test, labels))
    with tempfile.TemporaryDirectory() as folder:
        ours = run_ours(learn, test, labels, Path(folder))
        _add_row(report, "copydesk", test, labels, ours)
        report.add("micro-F1", micro_f1(story_targets(test, labels), ours.decisions), at_least=0.87)
        report.add("training", ours.minutes, "min", at_most=30)
        _compare_summaries(report, Path(folder) / "bundle", bench.pick(None, 20))
    return report


def _add_row(report: Report, name: str, test: Sequence[LabelledStory], labels: Sequence[str], result: Result) -> None:
    """Both F1 scores over the labels that occur in the test."""
    targets = story_targets(test, labels)
    present = np.flatnonzero(targets.any(axis=0))
    macro = float(np.mean([label_quality(targets[:, i], result.decisions[:, i]).f1 for i in present]))
    report.add_row(name, float(result.n_labels), micro_f1(targets, result.decisions), macro, result.minutes)


def _compare_summaries(report: Report, bundle: Path, n_articles: int | None) -> None:
    """ROUGE F1 of the retrained bundle less that of its base, in points."""
    after, before = (_measure_rouge(directory, n_articles) for directory in (bundle, DEFAULT_BUNDLE))
    for kind, value in after.items():
        report.add(f"{kind} after retraining", value - before[kind], "points", at_least=-0.3)


def _measure_rouge(bundle: Path, n_articles: int | None) -> dict[str, float]:
    source = str(find_data("cnndm-validation.parquet"))
    return measure_summaries(Analyzer.load(bundle), source, n_articles).groups["all"][OURS].mean

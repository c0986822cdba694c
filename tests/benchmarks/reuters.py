"""Somebody else's labels: configs/topics.toml on Reuters-21578, beside TF-IDF with a linear SVM.

    PYTHONPATH=.:tests python tests/benchmarks/reuters.py [--stories N] [--out DIR]

A fifth of the training split is kept apart for testing as `copydesk train --store` does it: by content hash, with
near-duplicates, a fifth of every topic. F1 is over every
topic that occurs there; a topic with too few stories to be learned counts as never assigned. Published for
comparison: BERT-base, micro-F1 0.89 on the split that is kept apart here too.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from model.analyzer import Analyzer
from model.bundle import DEFAULT_BUNDLE
from tiny import ROOT
from training.config import read_config
from training.evaluation import calibrate, story_logits, story_targets
from training.metrics import Decisions, label_quality, micro_f1
from training.splits import FrozenTest
from training.stories import LabelledStory, read_stories
from training.tag_data import load_tag_data
from training.train import train

DATA = ROOT.parent / "shared" / "data" / "reuters21578-train.jsonl.gz"
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Result:
    """What a system assigned, bool [stories, labels], and how long it learned."""

    decisions: Decisions
    minutes: float
    n_labels: int


def run_ours(learn: Sequence[LabelledStory], test: Sequence[LabelledStory], labels: Sequence[str], out: Path) -> Result:
    """`copydesk train configs/topics.toml --skip-bad`, from files to bundle."""
    out.mkdir(parents=True, exist_ok=True)
    rows = ({"text": s.text, "title": s.title, "labels": sorted(s.labels)} for s in learn)
    (out / "learn.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = read_config(ROOT / "configs" / "topics.toml").with_sources([str(out / "learn.jsonl")], None)
    started = time.perf_counter()
    bundle = train(config, load_tag_data(config, skip_bad=True), out / "bundle", base=DEFAULT_BUNDLE)
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


def print_row(name: str, test: Sequence[LabelledStory], labels: Sequence[str], result: Result) -> None:
    """Both F1 scores over the labels that occur in the test."""
    targets = story_targets(test, labels)
    present = np.flatnonzero(targets.any(axis=0))
    macro = np.mean([label_quality(targets[:, i], result.decisions[:, i]).f1 for i in present])
    micro = micro_f1(targets, result.decisions)
    print(f"{name:<24}{result.n_labels:>7}{micro:>10.3f}{macro:>10.3f}{result.minutes:>9.1f}", flush=True)


def main() -> None:
    """Split, run both systems, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, help="the first N alone, to try it out")
    parser.add_argument("--out", type=Path, help="keep the bundle in this directory")
    options = parser.parse_args()
    stories = read_stories([str(DATA)])[: options.stories]
    split = FrozenTest(TEST_SHARE).split(stories)
    learn, test = split.train + split.held_out, split.test
    labels = sorted({label for story in stories for label in story.labels})
    print(f"{len(learn)} stories to learn from, {len(test)} to test on, {len(labels)} topics")
    print(f"{'':<24}{'learned':>7}{'micro-F1':>10}{'macro-F1':>10}{'minutes':>9}", flush=True)
    print_row("TF-IDF, linear SVM", test, labels, run_svm(learn, test, labels))
    with tempfile.TemporaryDirectory() as folder:
        print_row("copydesk", test, labels, run_ours(learn, test, labels, options.out or Path(folder)))


if __name__ == "__main__":
    main()

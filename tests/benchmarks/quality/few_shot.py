"""Few-shot: 8 stories per label and as many without, the heads alone, on a CPU; beside TF-IDF on the same stories.

Draws from training/corpus/ and trains configs/few_shot.toml on the plain encoder: the bundle that ships has learned
these labels, and would know them beforehand. The last row is that bundle, with all it learned from.
"""

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict

from benchmarks.bench import Bench, Report, find_data
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from copydesk.training.config import read_config
from copydesk.training.data.stories import LabelledStory, read_stories, story_targets
from copydesk.training.data.tag_data import load_tag_data
from copydesk.training.evaluation.tags import calibrate, story_logits
from copydesk.training.fit.run import train
from copydesk.training.fit.warm_start import find_start
from copydesk.training.metrics.quality import all_quality, label_quality, macro_f1
from support.tiny import LABELS, ROOT

N_EACH = 8


def draw_stories(stories: Sequence[LabelledStory], seed: int) -> list[LabelledStory]:
    """N_EACH stories of each label, and as many without any as that makes."""
    pool = [story for story in stories if not story.unsure]
    random.Random(seed).shuffle(pool)
    counts, drawn = Counter[str](), list[LabelledStory]()
    for story in pool:
        if story.labels and all(counts[label] < N_EACH for label in story.labels):
            drawn.append(story)
            counts.update(story.labels)
    return drawn + [story for story in pool if not story.labels][: len(drawn)]


def measure_ours(drawn: Sequence[LabelledStory], test: Sequence[LabelledStory], folder: Path) -> tuple[float, float]:
    """Macro-F1, and the seconds from files to bundle."""
    rows = ({"text": s.text, "title": s.title, "labels": sorted(s.labels)} for s in drawn)
    (folder / "drawn.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = read_config(ROOT / "configs" / "few_shot.toml").with_sources([str(folder / "drawn.jsonl")], None)
    started = time.perf_counter()
    train(config, load_tag_data(config), find_start(config), folder / "bundle")
    seconds = time.perf_counter() - started
    return score_bundle(folder / "bundle", test), seconds


def score_bundle(directory: Path, test: Sequence[LabelledStory]) -> float:
    """Macro-F1 of a bundle on the stories."""
    analyzer = Analyzer.load(directory, "cpu")
    rules = analyzer.bundle.rules
    labels, thresholds = [rule.label for rule in rules], [rule.threshold for rule in rules]
    scores = calibrate(story_logits(analyzer, test), rules)
    return macro_f1(all_quality(story_targets(test, labels), scores, thresholds, labels))


def measure_tfidf(drawn: Sequence[LabelledStory], test: Sequence[LabelledStory]) -> float:
    """Macro-F1 of TF-IDF with logistic regression, thresholds by cross-validation; at 0.5 it assigns nothing."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, strip_accents="unicode")
    learned = vectorizer.fit_transform(f"{s.title or ''}\n{s.text}" for s in drawn)
    seen = vectorizer.transform(f"{s.title or ''}\n{s.text}" for s in test)
    scores, thresholds = [], []
    for targets in story_targets(drawn, LABELS).T:
        model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
        folds = KFold(5, shuffle=True, random_state=0)
        unseen = cross_val_predict(model, learned, targets, cv=folds, method="predict_proba")[:, 1]
        thresholds.append(max(sorted(unseen), key=lambda threshold: label_quality(targets, unseen >= threshold).f1))
        scores.append(model.fit(learned, targets).predict_proba(seen)[:, 1])
    return macro_f1(all_quality(story_targets(test, LABELS), np.stack(scores, axis=1), thresholds, LABELS))


def main(bench: Bench) -> Report:
    """A row per draw, their means, and full training."""
    corpus, test = (
        read_stories([str(ROOT / "training" / "corpus" / "*.jsonl")]),
        read_stories([str(find_data("topics-dev.jsonl"))]),
    )
    report, rows = Report(), []
    report.start_table("draw", "stories", "seconds", "few-shot", "TF-IDF")
    for seed in range(bench.pick(3, 1)):
        drawn = draw_stories(corpus, seed)
        with tempfile.TemporaryDirectory() as folder:
            ours, seconds = measure_ours(drawn, test, Path(folder))
        rows.append((seconds, ours, measure_tfidf(drawn, test)))
        report.add_row(str(seed), float(len(drawn)), *rows[-1])
    seconds, ours, theirs = (float(np.mean(column)) for column in zip(*rows, strict=True))
    report.add("few-shot: training", seconds, "s", at_most=30)
    report.add("few-shot: macro-F1", ours)
    report.add("TF-IDF on the same stories", theirs)
    report.add("the bundle that ships", score_bundle(DEFAULT_BUNDLE, test))
    return report

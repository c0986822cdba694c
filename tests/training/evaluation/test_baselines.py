import numpy as np
import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.stories import LabelledStory, read_stories
from copydesk.training.evaluation.baselines import evaluate_baselines, predict_keywords, predict_majority
from support.tiny import ROOT

LABELS = ("trade", "security", "taiwan", "drugs")
CORPUS = ROOT / "training" / "corpus"


def test_majority_scores_are_shares_of_the_known_stories() -> None:
    train = [LabelledStory("a", frozenset({"trade"})), LabelledStory("b", frozenset())]
    train.append(LabelledStory("c", frozenset(), unsure=frozenset({"trade"})))
    baseline = predict_majority(train, train[:1], ["trade", "drugs"])
    assert baseline.scores.tolist() == [[0.5, 0.0]]


def test_three_keywords_make_a_topic_and_two_do_not() -> None:
    stories = [LabelledStory("Tariffs on imports", frozenset()), LabelledStory("Tariffs, imports, WTO", frozenset())]
    baseline = predict_keywords(stories, ["trade"])
    assert (baseline.scores >= np.array(baseline.thresholds)).tolist() == [[False], [True]]


def test_on_the_corpus_every_baseline_beats_the_majority() -> None:
    stories = read_stories([str(CORPUS / "*.jsonl")])
    reports = evaluate_baselines(stories[::2], stories[1::2], LABELS)
    macro = {name: report.macro_f1 for name, report in reports.items()}
    assert macro["majority"] == 0.0
    assert macro["keyword rules"] > 0.5
    assert macro["TF-IDF, logistic regression"] > 0.5


def test_keyword_rules_are_left_out_for_other_labels() -> None:
    stories = [LabelledStory(f"the match of day {n} was won", frozenset({"sport"} if n % 2 else ())) for n in range(40)]
    assert "keyword rules" not in evaluate_baselines(stories, stories, ["sport"])


def test_a_label_without_stories_to_learn_from_is_named() -> None:
    stories = [LabelledStory("a", frozenset({"trade"}))]
    with pytest.raises(DataError, match="label 'drugs': none of the 1 stories"):
        evaluate_baselines(stories, stories, ["drugs"])

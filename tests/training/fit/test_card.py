from dataclasses import asdict, replace

import numpy as np

from copydesk.model.analyzer import Analyzer
from copydesk.training.config import TrainingConfig
from copydesk.training.evaluation.tags import evaluate_tags
from copydesk.training.fit.card import _mode, model_card


def test_a_bundle_that_says_little_has_a_card_without_gaps(analyzer: Analyzer) -> None:
    card = model_card(analyzer.bundle)
    assert "| trade | 0.50 |" in card
    assert "## Quality" not in card
    assert "Apache-2.0" in card


def test_card_quotes_quality_data_and_training(analyzer: Analyzer) -> None:
    rules = analyzer.bundle.rules
    targets = np.eye(4)
    held_out = asdict(evaluate_tags(targets, 4 * targets - 2, rules))
    report = {
        "held_out": held_out,
        "training": TrainingConfig().model_dump(mode="json"),
        "data": [{"file": "topics-train.jsonl.gz", "sha256": "ab12"}],
        "stories": {"train": 30, "held_out": 4, "labels": {"trade": 9}},
    }
    card = model_card(replace(analyzer.bundle, report=report))
    assert "| trade | 1.000 | 1.000 | 1.000 | 1.000 | 0.119 | 0.119 | 1 |" in card
    assert "Macro-F1 1.000 (95 %: 1.000 to 1.000)" in card
    assert "rank 64" in card
    assert "30 stories to learn from (trade 9), 4 held out" in card
    assert "training/corpus/real_articles.csv" in card


def test_the_card_says_for_which_languages_the_bundle_was_made(analyzer: Analyzer) -> None:
    assert "made for news in English. Other" in model_card(analyzer.bundle)
    assert "made for news in English, `de`. Other" in model_card(replace(analyzer.bundle, languages=("en", "de")))


def test_the_card_says_from_which_bundle_training_went_on_and_who_taught_that(analyzer: Analyzer) -> None:
    base = {"name": "small", "digest": "a" * 64, "teacher": {"name": "large", "digest": "b" * 64}}
    report = {"training": TrainingConfig().model_dump(mode="json"), "base": base | {"texts": {"train": 7}}}
    card = model_card(replace(analyzer.bundle, report=report))
    assert "- Trained on from `small` aaaaaaaaaaaa,\n  which `large` bbbbbbbbbbbb taught on 7 texts\n" in card
    alone = model_card(replace(analyzer.bundle, report=report | {"base": {"name": "small", "digest": "a" * 64}}))
    assert "- Trained on from `small` aaaaaaaaaaaa\n" in alone


def test_only_data_with_real_articles_points_to_their_list(analyzer: Analyzer) -> None:
    report = {"data": [{"file": "drugs.jsonl", "sha256": "ab12"}]}
    assert "real_articles.csv" not in model_card(replace(analyzer.bundle, report=report))


def test_the_card_says_how_much_of_the_encoder_was_trained() -> None:
    ways = [
        {"mode": "lora", "rank": 8},
        {"mode": "full", "rank": 8},
        {"mode": "full", "rank": 0},
        {"mode": "head", "rank": 8},
    ]
    assert [_mode(way) for way in ways] == [
        "low-rank updates of every layer, rank 8",
        "every matrix; what changed is stored at rank 8",
        "every weight",
        "the heads alone, encoder frozen",
    ]

import json
from pathlib import Path

import pytest

from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import DataError
from support.progress import Heard
from support.tiny import TRAINING_WARNINGS, write_config, write_edited, write_stories

pytest.importorskip("peft")

import numpy as np

from copydesk.model.analysis import Span
from copydesk.training.config import TrainingConfig, read_config
from copydesk.training.data.editors import EditedStory, EditorsChoice
from copydesk.training.data.stories import LabelledStory
from copydesk.training.data.tag_data import load_tag_data
from copydesk.training.fit.example_sets import Texts
from copydesk.training.fit.folds import cross_fit
from copydesk.training.fit.run import train
from copydesk.training.fit.warm_start import find_start

pytestmark = TRAINING_WARNINGS


def make_texts(n: int) -> Texts:
    texts = [
        f"The army number {i} of the north sent {i} troops to the border town of {i}. It rained." for i in range(n)
    ]
    stories = [LabelledStory(text, frozenset({"security"}), id=str(i)) for i, text in enumerate(texts)]
    choice = EditorsChoice((0,), frozenset(), frozenset(), frozenset())
    edited = [EditedStory(str(i), None, text, (Span(0, len(text)),), (choice,)) for i, text in enumerate(texts[::2])]
    return Texts(stories, edited)


def test_every_text_is_judged_by_a_run_that_never_saw_it(analyzer: Analyzer) -> None:
    texts, seen = make_texts(30), dict[int, set[str]]()

    def run(kept: Texts, fold: int) -> Analyzer:
        seen[fold] = {story.text for story in kept.stories} | {story.text for story in kept.edited}
        return analyzer

    crossed = cross_fit(texts, 3, run)
    assert crossed.logits.shape == (30, len(analyzer.bundle.labels))
    assert np.isfinite(crossed.logits).all()
    assert sorted(set(crossed.fold_of.tolist())) == [0, 1, 2]
    for story, fold in zip(texts.stories, crossed.fold_of.tolist(), strict=True):
        assert [story.text in seen[other] for other in range(3)] == [other != fold for other in range(3)]
    assert [credit is not None and 0 <= credit <= 1 for credit in crossed.credit] == [True] * 3


def test_without_articles_of_editors_no_credit_is_claimed(analyzer: Analyzer) -> None:
    texts = Texts(make_texts(12).stories, [])
    assert cross_fit(texts, 2, lambda kept, fold: analyzer).credit == [None, None]


def make_config(tmp_path: Path, editors: Path) -> TrainingConfig:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    tags = config.tags.model_copy(update={"folds": 2})
    return config.model_copy(update={"tags": tags}).with_sources([], None, [str(editors)])


def test_a_run_with_folds_learns_from_every_story_and_tells_its_spread(tmp_path: Path) -> None:
    config, heard = make_config(tmp_path, write_edited(tmp_path / "e.jsonl", [1])), Heard()
    data = load_tag_data(config)
    bundle = train(config, data, find_start(config), tmp_path / "out", heard)
    n_stories = len(data.train) + len(data.held_out)
    assert bundle.report["stories"]["train"] == bundle.report["held_out"]["n_stories"] == n_stories
    assert len(bundle.report["folds"]["macro_f1"]) == 2
    assert {file["file"] for file in bundle.report["data"]} == {"d.jsonl", "e.jsonl"}
    assert sum("is held out" in text for text in heard.said) == 2
    assert any(f"times {n_stories} stories, 4 times 1 articles of editors" in text for text in heard.said)
    assert not (tmp_path / "out-checkpoints").exists()
    assert "held out from one of 2 runs" in (tmp_path / "out" / "README.md").read_text()


def test_a_bad_file_of_editors_stops_a_run_before_it_begins(tmp_path: Path) -> None:
    path = write_edited(tmp_path / "e.jsonl", [1])
    row = json.loads(path.read_text())
    row["annotations"][0]["furniture"] = [1]
    path.write_text(json.dumps(row) + "\n")
    config = make_config(tmp_path, path)
    with pytest.raises(DataError, match=r"e\.jsonl:1: annotation 1: sentence 1 is in key and in furniture"):
        train(config, load_tag_data(config), find_start(config), tmp_path / "out")
    assert not (tmp_path / "out-checkpoints").exists()

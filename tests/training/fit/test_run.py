import importlib
import re
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

import copydesk.training.fit.run
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.weights import load_network, load_weights
from copydesk.model.errors import ConfigError, DataError
from copydesk.model.network.encoder_files import find_encoder
from copydesk.model.output.tags import LabelRule
from support.progress import Heard
from support.tiny import (
    STORY,
    TINY_ENCODER,
    TRAINING_WARNINGS,
    make_tiny_bundle,
    write_config,
    write_stories,
)

pytest.importorskip("peft")

import numpy as np

from copydesk.training.config import TrainingConfig, read_config
from copydesk.training.console import SILENT, Progress, Update
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import read_stories, split_stories
from copydesk.training.data.tag_data import load_tag_data
from copydesk.training.fit.low_rank import low_rank_updates
from copydesk.training.fit.run import train as train_on
from copydesk.training.fit.save import calibrate_bundle
from copydesk.training.fit.warm_start import find_start
from copydesk.training.metrics.calibration import choose_threshold, fit_platt, make_rules
from copydesk.training.metrics.oracle import choose_oracle
from copydesk.training.metrics.quality import label_quality

pytestmark = TRAINING_WARNINGS


def train(config: TrainingConfig, out: Path, base: Path | None = None, progress: Progress = SILENT) -> Bundle:
    return train_on(config, load_tag_data(config), find_start(config, base), out, progress)


@pytest.fixture
def fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    """One number format: a CPU's is chosen by a measurement, which a busy machine may turn either way."""
    monkeypatch.setattr("copydesk.model.network.device._is_bf16_fast", lambda: False)


@pytest.mark.usefixtures("fp32")
@pytest.mark.parametrize(("mode", "rank"), [("lora", 4), ("full", 4), ("full", 0), ("head", 4)])
def test_training_makes_a_bundle_that_serves_as_it_was_measured(tmp_path: Path, mode: str, rank: int) -> None:
    path = write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl"), mode=f'"{mode}"', rank=str(rank))
    config = read_config(path)
    bundle = train(config, tmp_path / "out")
    assert bundle.labels == ("drugs", "security", "trade")
    assert {path.name for path in tmp_path.iterdir()} == {"c.toml", "d.jsonl", "out"}
    analyzer = Analyzer.load(tmp_path / "out")
    assert calibrate_bundle(analyzer, load_tag_data(config).held_out) == bundle
    analysis = analyzer.analyze(STORY)
    assert [tag.label for tag in analysis.story.tags] == list(bundle.labels)
    assert len(analysis.story.summary.sentences) == 3


def test_training_learns_tags_and_salience_together(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    article = (
        "Nothing at all went on in the town. " * 2 + "Troops of the army left Taipei on Sunday. It was a match of rain."
    )
    pq.write_table(
        pa.table({"article": [article] * 60, "highlights": ["Troops of the army left Taipei on Sunday."] * 60}),
        tmp_path / "s.parquet",
    )
    data = write_stories(tmp_path / "d.jsonl", n_each=40)
    text = write_config(
        tmp_path / "c.toml", data, passes="4.0", encoder_learning_rate="5e-3\nhead_learning_rate = 1e-2"
    ).read_text()
    (tmp_path / "c.toml").write_text(f'{text}\n[summaries]\nsource = "{tmp_path / "s.parquet"}"\n')
    bundle = train(read_config(tmp_path / "c.toml"), tmp_path / "out")
    assert bundle.report["held_out"]["macro_f1"] > 0.9
    analysis = Analyzer.load(tmp_path / "out", "cpu").analyze(article)
    best = min(analysis.story.sentences, key=lambda sentence: sentence.rank)
    assert best.text == "Troops of the army left Taipei on Sunday."


WORK = (
    "copydesk.model.network.encoder_files.file_sha256",  # of the encoder's weights
    "copydesk.training.fit.run.load_encoder",
    "copydesk.model.bundles.weights.load_encoder",
    "copydesk.model.bundles.weights.save_file",
    "copydesk.training.data.stories.sign_text",
    "copydesk.training.fit.save.file_sha256",  # of the labelled stories
)


def test_a_run_reads_and_writes_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    make_tiny_bundle(tmp_path / "base")
    calls = Counter[str]()
    for place in WORK:
        module, _, name = place.rpartition(".")
        real = getattr(importlib.import_module(module), name)

        def counted(*arguments: Any, name: str = name, real: Any = real, **options: Any) -> Any:
            calls[name] += 1
            return real(*arguments, **options)

        monkeypatch.setattr(place, counted)
    data = load_tag_data(config, frozen=FrozenTest())
    train_on(config, data, find_start(config, tmp_path / "base"), tmp_path / "out")
    assert calls == {"file_sha256": 2, "load_encoder": 1, "save_file": 1, "sign_text": 56}


class Stops(Heard):
    """Interrupts the training after so many steps, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def task(self, name: str, unit: str) -> AbstractContextManager[Update]:
        def update(done: int, total: int, note: str) -> None:
            if done == self.after:
                raise KeyboardInterrupt

        return nullcontext(update)


def test_a_run_tells_its_steps_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    heard = Heard()
    train(config, tmp_path / "out", progress=heard)
    n_steps = heard.steps["training"][0][1]
    assert heard.steps["training"] == [(n, n_steps) for n in range(n_steps + 1)]
    assert heard.said[0] == "learning from 1 times 49 stories and 0 articles with summaries"
    assert re.fullmatch(r"step 3 of 7: macro-F1 0\.\d{3}, loss 0\.\d{3} on stories held out", heard.said[1])
    assert "loss 0." in heard.notes[-1]
    assert "macro-F1 0." in heard.notes[-1]
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("fp32")
def test_an_interrupted_run_goes_on_to_the_same_bundle_and_says_where(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    whole = train(config, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "out", progress=Stops(after=5))
    heard = Heard()
    bundle = train(config, tmp_path / "out", progress=heard)
    assert f"going on after step 3, from {tmp_path / 'out-checkpoints' / 'last' / 'checkpoint-3'}" in heard.said
    assert heard.steps["training"][0] == (3, 7)
    assert bundle.digest == whole.digest


def test_a_bundle_can_be_trained_on(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    first = train(config, tmp_path / "first")
    still = config.model_copy(update={"optimizer": config.optimizer.model_copy(update={"warmup": 0.99})})
    second = train(still, tmp_path / "second", base=tmp_path / "first")
    assert second.labels == first.labels
    before, after = (Analyzer.load(tmp_path / name, "cpu").analyze(STORY).story for name in ("first", "second"))
    for old, new in zip(before.sentences, after.sentences, strict=True):
        assert old.score == pytest.approx(new.score, abs=0.02)  # a few steps at a learning rate near zero


def test_a_base_with_other_labels_can_be_trained_on(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    make_tiny_bundle(tmp_path / "base")
    assert train(config, tmp_path / "out", base=tmp_path / "base").labels == ("drugs", "security", "trade")


def test_training_the_heads_alone_keeps_encoder_and_summary_of_the_base(tmp_path: Path) -> None:
    data = write_stories(tmp_path / "d.jsonl")
    first = train(read_config(write_config(tmp_path / "c.toml", data)), tmp_path / "first")
    config = read_config(write_config(tmp_path / "h.toml", data, mode='"head"', rank="1"))
    second = train(config, tmp_path / "second", base=tmp_path / "first")
    files = find_encoder(str(TINY_ENCODER))
    before, after = load_network(tmp_path / "first", first, files), load_network(tmp_path / "second", second, files)
    for (name, old), new in zip(before.encoder.named_parameters(), after.encoder.parameters(), strict=True):
        assert torch.allclose(old, new, atol=1e-4), name  # float16 storage, twice
    for old, new in zip(before.sentence_head.parameters(), after.sentence_head.parameters(), strict=True):
        assert torch.equal(old, new)


def test_an_update_is_stored_at_its_rank() -> None:
    torch.manual_seed(0)
    start = {"a.weight": torch.randn(6, 5), "a.bias": torch.randn(6), "b.weight": torch.randn(4, 4)}
    change = torch.randn(6, 2) @ torch.randn(2, 5)
    stored = low_rank_updates(start | {"a.weight": start["a.weight"] + change}, start, rank=2)
    assert sorted(stored) == [f"base_model.model.a.lora_{x}.weight" for x in "AB"]
    a, b = (stored[f"base_model.model.a.lora_{x}.weight"] for x in "AB")
    assert a.shape == (2, 5)
    assert torch.allclose(b @ a, change, atol=1e-5)  # fp32
    with pytest.raises(ConfigError, match=r"changed 'a\.bias' of its encoder; set encoder\.rank = 0"):
        low_rank_updates(start | {"a.bias": torch.zeros(6)}, start, rank=2)


def test_full_training_with_a_rank_stores_no_more_than_that_rank(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl"), mode='"full"', rank="2")
    train(read_config(config), tmp_path / "out")
    adapter = {name: t for name, t in load_weights(tmp_path / "out").items() if "lora_A" in name}
    assert len(adapter) == 12  # six matrices in each of the two layers
    assert {t.shape[0] for t in adapter.values()} == {2}


def test_checkpoints_of_another_run_are_not_mixed_in(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    (tmp_path / "out-checkpoints").mkdir()
    (tmp_path / "out-checkpoints" / "run.json").write_text("{}")
    with pytest.raises(ConfigError, match="checkpoints of a run with other data or settings; remove them"):
        train(config, tmp_path / "out")


def test_checkpoints_of_a_run_from_another_base_are_not_mixed_in(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path / "c.toml", write_stories(tmp_path / "d.jsonl")))
    make_tiny_bundle(tmp_path / "base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            copydesk.training.fit.run, "train_network", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            train(config, tmp_path / "out", base=tmp_path / "base")
    with pytest.raises(ConfigError, match="checkpoints of a run with other data or settings; remove them"):
        train(config, tmp_path / "out")


def test_a_base_that_cannot_be_stored_at_a_rank_is_named_before_training(tmp_path: Path) -> None:
    data = write_stories(tmp_path / "d.jsonl")
    all_of_it = write_config(tmp_path / "c.toml", data, mode='"full"', rank="0")
    train(read_config(all_of_it), tmp_path / "base")
    with pytest.raises(ConfigError, match=r"the base bundle changed '.*' of its encoder; set encoder\.rank = 0"):
        train(read_config(write_config(tmp_path / "d.toml", data)), tmp_path / "out", base=tmp_path / "base")
    assert not (tmp_path / "out-checkpoints").exists()


def test_unsure_labels_are_masked_in_metrics() -> None:
    targets = np.array([1.0, 0.0, -1.0, -1.0])
    quality = label_quality(targets, np.array([True, False, True, False]))
    assert (quality.precision, quality.recall, quality.f1, quality.support) == (1.0, 1.0, 1.0, 1)


def test_quality_of_a_label_counts_what_it_should() -> None:
    quality = label_quality(np.array([1.0, 1, 1, 0, 0]), np.array([True, True, False, True, False]))
    assert (quality.precision, quality.recall) == (2 / 3, 2 / 3)


def test_platt_scaling_finds_the_slope_that_made_the_data() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, 20_000)
    targets = (random.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))).astype(float)
    slope, intercept = fit_platt(targets, logits)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert intercept == pytest.approx(-1, abs=0.1)


def test_a_threshold_stands_in_the_middle_of_its_plateau() -> None:
    scores = np.array([0.05, 0.1, 0.15, 0.85, 0.9, 0.95])
    assert 0.3 <= choose_threshold(np.array([0.0, 0, 0, 1, 1, 1]), scores) <= 0.7


def test_labels_with_too_few_positives_in_all_keep_their_raw_scores() -> None:
    targets, logits = np.array([[1.0, 0], [0, 1], [0, 0], [0, -1]]), np.array([[3.0, -1], [-2, 2], [-3, -3], [-1, 0]])
    assert make_rules(["x", "y"], targets, logits) == (LabelRule("x"), LabelRule("y"))


def test_a_rare_label_follows_the_others_and_a_frequent_one_itself() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (4000, 3))
    true = np.array([[0.5, 1.0], [1.0, -1.0], [1.0, -1.0]])  # slope and intercept of each label
    targets = (random.random(logits.shape) < 1 / (1 + np.exp(-(logits * true[:, 0] + true[:, 1])))).astype(float)
    targets[3:, 2] = -1  # of the third label, three stories are known
    own, _, rare = make_rules(["own", "other", "rare"], targets, logits)
    pooled = fit_platt(targets[targets >= 0], logits[targets >= 0])
    assert (own.slope, own.intercept) == pytest.approx((0.5, 1.0), abs=0.1)
    assert (rare.slope, rare.intercept) == pytest.approx(pooled, abs=0.2)
    assert rare.threshold != 0.5


def test_a_label_that_ranks_its_stories_backwards_keeps_its_raw_score() -> None:
    logits = np.linspace(-3, 3, 400)
    targets = np.stack([logits > 0, logits < 0], axis=1).astype(float)
    right, backwards = make_rules(["right", "backwards"], targets, np.stack([logits, logits], axis=1))
    assert right.slope > 0
    assert backwards == LabelRule("backwards")


def test_weights_count_as_repeated_stories() -> None:
    random = np.random.default_rng(1)
    scores, weights = random.random(60), random.integers(1, 4, 60)
    targets = (random.random(60) < scores).astype(float)
    repeated = [np.repeat(values, weights) for values in (targets, scores)]
    assert choose_threshold(targets, scores, weights.astype(float)) == choose_threshold(*repeated)


def test_the_oracle_takes_the_sentences_that_cover_the_reference() -> None:
    sentences = ["It rained.", "The duty on steel was cut.", "Nobody came.", "Mills closed in the north."]
    assert choose_oracle(sentences, "The duty on steel was cut and mills closed in the north.") == [1, 3]


def test_the_oracle_scores_as_rouge_score_does() -> None:
    from rouge_score.rouge_scorer import RougeScorer

    from copydesk.training.metrics.oracle import tokenize

    text = "Ministers' negotiations ended; nobody's tariffs were cutting U.S. steel-makers' costs by 25%."
    assert tokenize(text) == list(RougeScorer(["rouge1"], use_stemmer=True)._tokenizer.tokenize(text))


def test_a_text_falls_on_the_same_side_of_every_split(tmp_path: Path) -> None:
    stories = read_stories([str(write_stories(tmp_path / "d.jsonl"))])
    _, out = split_stories(stories, 0.3)
    _, fewer = split_stories(stories[::2], 0.3)
    assert {s.text for s in fewer} == {s.text for s in out} & {s.text for s in stories[::2]}


def test_csv_and_parquet_rows_read_like_jsonl(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "a.csv").write_text('text,labels,title\n"It, rained.",trade;drugs,Rain\nNo.,,\n')
    pq.write_table(
        pa.table({"text": ["It, rained.", "No."], "labels": [["trade", "drugs"], []], "title": ["Rain", None]}),
        tmp_path / "a.parquet",
    )
    from_csv, from_parquet = (read_stories([str(tmp_path / name)]) for name in ("a.csv", "a.parquet"))
    assert [(s.text, s.title, s.labels) for s in from_csv] == [(s.text, s.title, s.labels) for s in from_parquet]


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "It rained.", "labels": []}\n{"text": "M\xe4rz", "labels": []}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2: not UTF-8; convert the file"):
        read_stories([str(tmp_path / "a.jsonl")])

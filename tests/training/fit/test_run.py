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
from copydesk.model.errors import ConfigError
from copydesk.model.network.encoder.files import find_encoder
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


from copydesk.training.config import TrainingConfig, read_config
from copydesk.training.console import SILENT, Progress, Update
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.tag_data import load_tag_data
from copydesk.training.fit.low_rank import low_rank_updates
from copydesk.training.fit.run import train as train_on
from copydesk.training.fit.save import calibrate_bundle
from copydesk.training.fit.warm_start import find_start

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
    "copydesk.model.network.encoder.files.file_sha256",  # of the encoder's weights
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

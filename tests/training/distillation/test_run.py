from pathlib import Path

import numpy as np
import pytest

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle, load_manifest
from copydesk.model.errors import ConfigError, EncoderError
from copydesk.model.network.encoder.files import find_encoder, load_tokenizer
from support.progress import Heard
from support.tiny import STORY, TINY_ENCODER, TRAINING_WARNINGS, make_tiny_bundle, write_stories

pytest.importorskip("peft")

from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.distillation.lessons import teach
from copydesk.training.distillation.run import distil
from copydesk.training.distillation.texts import read_texts
from copydesk.training.evaluation.tags import story_logits
from copydesk.training.fit.example_sets import Examples
from copydesk.training.fit.warm_start import settle

pytestmark = TRAINING_WARNINGS


def make_config(data: Path, passes: float = 1.0, **encoder: object) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "name": "small",
            "encoder": {"name": str(TINY_ENCODER), "layers": [1], "max_tokens": 16, "rank": 16, **encoder},
            "texts": {"files": [str(data)], "passes": passes, "held_out": 0.2},
            "optimizer": {"encoder_learning_rate": 5e-3, "head_learning_rate": 1e-3, "batch_stories": 8},
        }
    )


def distil_tiny(config: TrainingConfig, tmp_path: Path, progress: Progress = SILENT) -> Bundle:
    texts = read_texts(config.texts.files, config.texts.limit, config.texts.held_out)
    return distil(config, texts, tmp_path / "teacher", tmp_path / "out", progress)


def test_a_pupil_has_its_teachers_labels_and_the_layers_that_were_asked_for(tmp_path: Path) -> None:
    teacher, heard = make_tiny_bundle(tmp_path / "teacher"), Heard()
    bundle = distil_tiny(make_config(write_stories(tmp_path / "d.jsonl")), tmp_path, heard)
    assert (bundle.name, bundle.labels, bundle.layers, bundle.max_tokens) == ("small", teacher.labels, (1,), 16)
    assert bundle.report["teacher"] == {"name": "tiny", "digest": teacher.digest}
    assert load_manifest(tmp_path / "out") == bundle
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Taught by `tiny`" in card
    assert "layer 1" in card
    assert [text for text in heard.said if "what tiny says" in text]
    assert {path.name for path in tmp_path.iterdir()} == {"teacher", "d.jsonl", "out"}
    analysis = Analyzer.load(tmp_path / "out", "cpu").analyze(STORY)
    assert [tag.label for tag in analysis.story.tags] == list(teacher.labels)


def test_a_pupil_comes_nearer_to_its_teacher_the_longer_it_learns(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "teacher")
    data = write_stories(tmp_path / "d.jsonl")
    texts = read_texts([str(data)], 1000, 0.2).held_out
    expected = story_logits(Analyzer.load(tmp_path / "teacher", "cpu"), texts)
    distances = []
    for passes in (0.1, 20.0):
        distil_tiny(make_config(data, passes), tmp_path)
        distances.append(np.abs(story_logits(Analyzer.load(tmp_path / "out", "cpu"), texts) - expected).mean())
    assert distances[1] < distances[0] / 2


def test_lessons_are_what_the_teacher_says_of_each_sentence(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "teacher")
    data = write_stories(tmp_path / "d.jsonl")
    teacher, config = Analyzer.load(tmp_path / "teacher", "cpu"), make_config(data)
    (text, *_) = read_texts([str(data)], 1000, 0.2).train
    tokenizer = load_tokenizer(find_encoder(str(TINY_ENCODER)))
    (example,) = Examples(settle(config, teacher.bundle), teacher.bundle.labels, tokenizer).texts([text])
    (lesson,) = teach(teacher.engine, teacher.bundle.max_tokens, [example], SILENT)
    (logits,) = story_logits(teacher, [text])
    assert lesson.labels == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-3)
    assert lesson.taught is not None
    assert lesson.taught.shape == (2, teacher.engine.forward([[example.tokens]])[0][0].vectors.shape[1])
    assert lesson.sentences.shape == (2, 4)


def test_a_layer_that_nobody_has_is_named(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "teacher")
    data = write_stories(tmp_path / "d.jsonl")
    with pytest.raises(EncoderError, match=r"layer 7 is wanted, it has 2, counted from 0"):
        distil_tiny(make_config(data, layers=[1, 7]), tmp_path)
    distil_tiny(make_config(data), tmp_path)
    (tmp_path / "out").rename(tmp_path / "small")
    config = make_config(data, layers=[0])
    with pytest.raises(ConfigError, match=r"encoder.layers: small has no layer 0, only \[1\]"):
        distil(config, read_texts(config.texts.files, 1000, 0.2), tmp_path / "small", tmp_path / "out")

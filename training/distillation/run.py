"""A distillation: from a bundle and texts without labels to a smaller bundle that says the same."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.weights import load_network
from copydesk.model.errors import ConfigError
from copydesk.model.network.encoder.encoder import keep_layers, load_encoder
from copydesk.model.network.encoder.files import EncoderFiles, find_encoder, load_tokenizer, special_tokens
from copydesk.model.network.heads import Network
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.stories import LabelledStory
from copydesk.training.distillation.lessons import teach
from copydesk.training.distillation.texts import PlainTexts
from copydesk.training.evaluation.tags import calibrate, evaluate_tags, story_logits
from copydesk.training.fit.checkpoints import claim_checkpoints
from copydesk.training.fit.example_sets import Examples
from copydesk.training.fit.low_rank import bundle_weights, copy_weights
from copydesk.training.fit.save import fingerprint_files, load_trained, save_trained
from copydesk.training.fit.trainable import prepare_encoder
from copydesk.training.fit.trainer import train_network
from copydesk.training.fit.warm_start import settle
from copydesk.training.metrics.calibration import make_rules
from copydesk.training.metrics.quality import Floats

_CHUNK = 32  # texts


def distil(
    config: TrainingConfig, texts: PlainTexts, directory: Path, out: Path, progress: Progress = SILENT
) -> Bundle:
    """Teach a bundle of the configuration's layers and windows what the one in `directory` says; saved in `out`.

    Sentence vectors, tags and what is said of sentences are learned together (Hinton et al. 2015; vectors after Jiao et
    al. 2020, TinyBERT). Scores and thresholds are fitted to the teacher's on texts that the pupil did not see.
    Raises BundleError, ConfigError, EncoderError or, for a text held out that is not to be read, DocumentError before
    training begins.
    """
    torch.manual_seed(config.seed)
    teacher = Analyzer.load(directory)
    config = settle(config, teacher.bundle)
    files = find_encoder(teacher.bundle.encoder, teacher.bundle.encoder_revision)
    bundle = _describe(config, teacher.bundle, texts)
    network = _make_pupil(bundle, teacher.bundle, directory, files)
    original = load_encoder(files, bundle.layers)
    origin, tokenizer = copy_weights(network.encoder.body), load_tokenizer(files)
    prepare_encoder(network, config.encoder)
    checkpoints = out.parent / f"{out.name}-checkpoints"
    claim_checkpoints(checkpoints, dict(bundle.report))

    scores = calibrate(_logits(teacher, texts.held_out, progress, "the teacher reads texts held out"), bundle.rules)
    examples = Examples(config, bundle.labels, tokenizer).texts(texts.train)
    lessons = teach(teacher.engine, teacher.bundle.max_tokens, examples, progress)
    progress.say(f"learning what {teacher.bundle.name} says of {len(texts.train):,} texts")
    train_network(
        network, lessons, [], config, special=special_tokens(tokenizer), directory=checkpoints, progress=progress
    )
    weights = bundle_weights(network, origin, original.body.state_dict(), config.encoder.rank)
    logits = _logits(
        load_trained(bundle, weights, original, tokenizer), texts.held_out, progress, "the pupil reads them"
    )
    bundle = save_trained(out, _fit_rules(bundle, scores, logits), weights)
    shutil.rmtree(checkpoints)
    return bundle


def _describe(config: TrainingConfig, teacher: Bundle, texts: PlainTexts) -> Bundle:
    """What is known of the pupil before it learns: its teacher, but for name, layers, windows and report."""
    section = config.encoder
    assert section.max_tokens is not None, "settled"
    return replace(
        teacher,
        name=config.name,
        layers=section.layers,
        max_tokens=section.max_tokens,
        adapter_scale=1.0 if section.rank else None,
        digest="",
        report={
            "teacher": {"name": teacher.name, "digest": teacher.digest},
            "data": fingerprint_files(config.texts.files),
            "texts": {"train": len(texts.train), "held_out": len(texts.held_out)},
            "training": config.model_dump(mode="json", include={"name", "seed", "encoder", "texts", "optimizer"}),
        },
    )


def _make_pupil(bundle: Bundle, teacher: Bundle, directory: Path, files: EncoderFiles) -> Network:
    """The teacher's network without the layers that the bundle does not have. Raises ConfigError, EncoderError."""
    if unknown := set(bundle.layers) - set(teacher.layers or bundle.layers):
        raise ConfigError(f"encoder.layers: {teacher.name} has no layer {min(unknown)}, only {list(teacher.layers)}")
    network = load_network(directory, teacher, files).train().requires_grad_(requires_grad=True)
    if bundle.layers != teacher.layers:
        places = [teacher.layers.index(number) for number in bundle.layers] if teacher.layers else bundle.layers
        keep_layers(network.encoder, places, files.name)
    return network


def _fit_rules(bundle: Bundle, scores: Floats, logits: Floats) -> Bundle:
    """The bundle with scores and thresholds that come nearest to its teacher's, and how often both agree.

    scores: the teacher's; logits: the pupil's; both [texts, labels]. The bundle has the teacher's rules.
    """
    own = make_rules(bundle.labels, scores, logits)
    decided = (scores >= [rule.threshold for rule in bundle.rules]).astype(np.float64)
    metrics = evaluate_tags(decided, logits, own).to_json()
    return replace(bundle, rules=own, report={**bundle.report, "held_out": metrics})


def _logits(analyzer: Analyzer, stories: Sequence[LabelledStory], progress: Progress, name: str) -> Floats:
    chunks = [stories[start : start + _CHUNK] for start in range(0, len(stories), _CHUNK)]
    return np.concatenate(
        [story_logits(analyzer, chunk) for chunk in progress.track(chunks, len(chunks), name, "batches")]
    )

"""The bundle that a run makes: described before training, calibrated on the network that will serve, and saved."""

import glob
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.weights import as_stored, make_network, save_bundle
from copydesk.model.files.disk import file_sha256
from copydesk.model.files.json import JsonObject
from copydesk.model.network.device import choose_device
from copydesk.model.network.encoder.encoder import Encoder
from copydesk.model.network.encoder.files import EncoderFiles
from copydesk.model.output.tags import LabelRule
from copydesk.training.config import TrainingConfig
from copydesk.training.data.stories import LabelledStory, count_labels, story_targets
from copydesk.training.data.tag_data import TagData
from copydesk.training.evaluation.tags import evaluate_tags, story_logits
from copydesk.training.fit.card import model_card
from copydesk.training.fit.folds import CrossFit
from copydesk.training.metrics.calibration import make_rules
from copydesk.training.metrics.quality import Floats


def describe_bundle(config: TrainingConfig, data: TagData, files: EncoderFiles, base: Bundle | None = None) -> Bundle:
    """What is known of the bundle before training: all but rules and metrics. config: settled for its base."""
    section = config.encoder
    assert section.max_tokens is not None, "settled"
    return Bundle(
        name=config.name,
        rules=tuple(map(LabelRule, data.labels)),
        encoder=files.name,
        encoder_revision=files.revision,
        encoder_sha256=files.sha256,
        max_tokens=section.max_tokens,
        layers=section.layers,
        heads=config.heads.to_heads(),
        adapter_scale=1.0 if section.rank else None,
        languages=config.languages,
        report={
            "data": fingerprint_files(_sources(config)),
            "stories": _count_stories(config, data),
            "training": config.model_dump(mode="json"),
            **({"base": _describe_base(base)} if base else {}),
        },
    )


def _describe_base(base: Bundle) -> JsonObject:
    """Which bundle a run began with, and how it was made, as far as that says what this one knows."""
    made = {key: base.report[key] for key in ("teacher", "texts", "data", "base") if key in base.report}
    return {"name": base.name, "digest": base.digest, **made}


def _count_stories(config: TrainingConfig, data: TagData) -> JsonObject:
    """How many are learned from and held out: with folds every story is both."""
    if not config.tags.is_crossed:
        return {"train": len(data.train), "held_out": len(data.held_out), "labels": data.label_counts}
    stories = data.train + data.held_out
    counts = count_labels(stories)
    labels = {label: counts[label] for label in data.labels}
    return {"train": len(stories), "held_out": len(stories), "labels": labels}


def load_trained(bundle: Bundle, weights: Mapping[str, Tensor], encoder: Encoder, tokenizer: Tokenizer) -> Analyzer:
    """The analyzer that `Analyzer.load` will give once the bundle is saved; the pretrained encoder becomes its own."""
    network = make_network(encoder, bundle, as_stored(weights))
    return Analyzer(bundle, network, tokenizer, choose_device("auto"))


def calibrate_bundle(analyzer: Analyzer, held_out: Sequence[LabelledStory]) -> Bundle:
    """The analyzer's bundle with calibration and thresholds from stories held out, and the quality on them."""
    bundle = analyzer.bundle
    logits, targets = story_logits(analyzer, held_out), story_targets(held_out, bundle.labels)
    rules = make_rules(bundle.labels, targets, logits)
    metrics = evaluate_tags(targets, logits, rules).to_json()
    return replace(bundle, rules=rules, report={**bundle.report, "held_out": metrics})


def calibrate_crossed(bundle: Bundle, stories: Sequence[LabelledStory], crossed: CrossFit) -> Bundle:
    """The bundle with calibration and thresholds from what cross-fitted runs say of stories that they did not see.

    Each fold is also decided by rules from the others alone: the quality that new stories may expect, and its spread.
    """
    targets, folds = story_targets(stories, bundle.labels), sorted(set(crossed.fold_of.tolist()))
    rules = make_rules(bundle.labels, targets, crossed.logits)
    outside = [_measure_fold(bundle, targets, crossed, fold) for fold in folds]
    metrics = evaluate_tags(targets, crossed.logits, rules).to_json()
    measured = {"held_out": metrics, "folds": {"macro_f1": outside, "credit": crossed.credit}}
    return replace(bundle, rules=rules, report={**bundle.report, **measured})


def save_trained(out: Path, bundle: Bundle, weights: Mapping[str, Tensor]) -> Bundle:
    """Save the bundle with its card; returns it with its digest."""
    return save_bundle(out, bundle, weights, model_card(bundle))


def _measure_fold(bundle: Bundle, targets: Floats, crossed: CrossFit, fold: int) -> float:
    """Macro-F1 on a fold, by rules from the other folds."""
    own = crossed.fold_of == fold
    rules = make_rules(bundle.labels, targets[~own], crossed.logits[~own])
    return evaluate_tags(targets[own], crossed.logits[own], rules).macro_f1


def _sources(config: TrainingConfig) -> list[str]:
    summaries = [config.summaries.source] if config.summaries.source else []
    return [*config.tags.files, *config.editors.files, *summaries]


def fingerprint_files(sources: Sequence[str]) -> list[dict[str, str]]:
    """Name and SHA-256 of every local file that is learned from; globs allowed."""
    paths = [Path(path) for source in sources for path in sorted(glob.glob(source))]
    return [{"file": path.name, "sha256": file_sha256(path)} for path in paths]

"""From trained weights to the bundle that will serve: saved, calibrated on what was saved, and described."""

import glob
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.weights import save_bundle
from copydesk.model.network.encoder_files import EncoderFiles
from copydesk.model.output.tags import LabelRule
from copydesk.training.config import TrainingConfig
from copydesk.training.data.stories import story_targets
from copydesk.training.data.tag_data import TagData
from copydesk.training.evaluation.tags import evaluate_tags, story_logits
from copydesk.training.fit.card import model_card
from copydesk.training.metrics.calibration import make_rules


def save_trained(
    config: TrainingConfig, weights: Mapping[str, Tensor], data: TagData, files: EncoderFiles, out: Path
) -> Bundle:
    """Save, then load what was saved and calibrate that: the numbers are those of the model that will serve."""
    bundle = _describe(config, data, files)
    save_bundle(out, bundle, weights, model_card(bundle))
    logits, targets = story_logits(Analyzer.load(out), data.held_out), story_targets(data.held_out, data.labels)
    rules = make_rules(data.labels, targets, logits)
    metrics = evaluate_tags(targets, logits, rules).to_json()
    final = replace(bundle, rules=rules, report={**bundle.report, "held_out": metrics})
    return save_bundle(out, final, weights, model_card(final))


def fingerprints(config: TrainingConfig) -> list[dict[str, str]]:
    """Name and SHA-256 of every local file that was learned from."""
    sources = [*config.tags.files, *([config.summaries.source] if config.summaries.source else [])]
    paths = [Path(path) for source in sources for path in sorted(glob.glob(source))]
    return [{"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in paths]


def _describe(config: TrainingConfig, data: TagData, files: EncoderFiles) -> Bundle:
    section = config.encoder
    return Bundle(
        name=config.name,
        rules=tuple(map(LabelRule, data.labels)),
        encoder=files.name,
        encoder_revision=files.revision,
        encoder_sha256=files.sha256,
        max_tokens=section.max_tokens,
        heads=config.heads.to_heads(),
        adapter_scale=1.0 if section.rank else None,
        report={
            "data": fingerprints(config),
            "stories": {"train": len(data.train), "held_out": len(data.held_out), "labels": data.label_counts},
            "training": config.model_dump(mode="json"),
        },
    )

"""From files to a bundle: read, split, tokenize, train, calibrate, save."""

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from tokenizers import Tokenizer
from torch import Tensor

from model.analyzer import Analyzer
from model.bundle import Bundle, save_bundle
from model.encoder import EncoderFiles, find_encoder, load_encoder, load_tokenizer, special_tokens
from model.errors import ConfigError, DataError
from model.network import Network
from model.tags import LabelRule
from model.windows import SpecialTokens
from training.calibration import make_rule
from training.card import model_card
from training.config import SummariesSection, TrainingConfig
from training.data_check import check_stories
from training.data_notes import find_notes, find_versions
from training.duplicates import group_texts
from training.evaluation import evaluate_tags, story_logits, story_targets
from training.examples import Example, article_example, label_article, story_example
from training.predict import predict_salience, sentence_vectors
from training.stories import HUB_NAME, LabelledStory, count_labels, read_stories, split_stories
from training.trainer import prepare_encoder, train_network
from training.updates import bundle_weights
from training.warm_start import load_base, start_from

console = Console(stderr=True)


@dataclass(frozen=True)
class TagData:
    """The labelled stories, split, and their labels in order."""

    labels: tuple[str, ...]
    train: list[LabelledStory]
    held_out: list[LabelledStory]


def train(config: TrainingConfig, out: Path, *, base: Path | None = None, skip_bad: bool = False) -> Bundle:
    """Train by the configuration and save the bundle in `out`; checkpoints stand beside it until then.

    With `base`, the bundle in that directory is trained on. Raises ConfigError, DataError, EncoderError or, for a base
    that does not fit, BundleError before any training starts.
    """
    data = load_tag_data(config, skip_bad=skip_bad)
    files = find_encoder(config.encoder.name, config.encoder.revision)
    tokenizer = load_tokenizer(files)
    examples, held_out = make_examples(config, data, tokenizer)
    start = load_base(base, files, config.heads.to_heads()) if base else None
    special = special_tokens(tokenizer)
    torch.manual_seed(config.seed)
    # On a CPU, sdpa's backward pass takes a third of a step.
    encoder = load_encoder(files, attention="sdpa" if torch.cuda.is_available() else "eager")
    network = Network(encoder, len(data.labels), config.heads.to_heads())
    if start is not None:
        start_from(network, start, data.labels)
        examples = _teach_salience(examples, network, special)
    before = {name: weight.clone() for name, weight in encoder.body.state_dict().items()}
    prepare_encoder(network, config.encoder)
    if config.encoder.mode == "head":
        examples, held_out = (_with_vectors(part, network, special) for part in (examples, held_out))
    checkpoints = out.parent / f"{out.name}-checkpoints"
    _claim(checkpoints, config)
    train_network(network, examples, held_out, config, special=special, directory=checkpoints)
    rank = max(config.encoder.rank, start.rank if start else 0) if config.encoder.rank else 0
    weights = bundle_weights(network, before, load_encoder(files).body.state_dict(), rank)
    bundle = _save(config, weights, data, files, out)
    shutil.rmtree(checkpoints)
    return bundle


def _teach_salience(examples: Sequence[Example], network: Network, special: SpecialTokens) -> list[Example]:
    """The examples, those without a known extract with the salience that the base gives their sentences."""
    taught = iter(predict_salience(network, [e for e in examples if not e.has_extract], special))
    return [e if e.has_extract else replace(e, salience=next(taught).numpy()) for e in examples]


def _with_vectors(examples: Sequence[Example], network: Network, special: SpecialTokens) -> list[Example]:
    vectors = sentence_vectors(network, examples, special)
    return [replace(example, vectors=own) for example, own in zip(examples, vectors, strict=True)]


def load_tag_data(config: TrainingConfig, *, skip_bad: bool = False) -> TagData:
    """The labelled stories of the configuration, checked and split by content.

    Raises DataError for faulty stories; `skip_bad` leaves them out.
    """
    unread: list[str] = []
    stories = read_stories(config.tags.files, faults=unread)
    checked = check_stories(stories, config.tags.labels, unread, skip_bad=skip_bad)
    if checked.faults:
        left = f"{len(stories) - len(checked.stories) + len(unread)} stories"
        console.print(
            f"left out for {len(checked.faults)} faults: {left}; the first: {checked.faults[0]}", markup=False
        )
    if not checked.labels:
        raise DataError(f"{', '.join(config.tags.files)}: no label to learn; at least one is needed")
    versions = find_versions(checked.stories, group_texts([story.text for story in checked.stories]))
    for note in find_notes(checked.stories, checked.labels, versions):
        console.print(f"note: {note}", markup=False)
    data = TagData(checked.labels, *split_stories(checked.stories, config.tags.held_out))
    counts = _label_counts(data)
    for label, n in counts.items():
        if not n:
            raise DataError(f"label {label!r}: no story to learn from carries it; add some or leave the label out")
    counted = ", ".join(f"{label} {n}" for label, n in counts.items())
    console.print(
        f"{len(data.train)} stories to learn from, {len(data.held_out)} held out; labels: {counted}", markup=False
    )
    return data


def make_examples(config: TrainingConfig, data: TagData, tokenizer: Tokenizer) -> tuple[list[Example], list[Example]]:
    """Training examples (stories repeated by `passes`, then articles) and held-out ones."""
    section = config.tags
    encode = {"max_tokens": config.encoder.max_tokens, "max_windows": section.max_windows}
    stories = [story_example(story, data.labels, tokenizer, **encode) for story in data.train]
    held_out = [story_example(story, data.labels, tokenizer, **encode) for story in data.held_out]
    n_seen = round(section.passes * len(stories))
    order = np.random.default_rng(config.seed)
    seen = [stories[i] for _ in range(int(np.ceil(section.passes))) for i in order.permutation(len(stories))][:n_seen]
    articles = list(_article_examples(config, len(data.labels), tokenizer))
    console.print(f"{len(seen)} stories (each {section.passes:g} times) and {len(articles)} articles with summaries")
    return seen + articles, held_out


def load_articles(section: SummariesSection) -> Any:  # Any: datasets has no types
    """The articles with reference summaries as a `datasets.Dataset`; hub name or Parquet file."""
    import datasets

    if section.source is None:
        raise ConfigError("summaries.source is not set; name a Parquet file or a hub dataset")
    if section.source.endswith(".parquet"):
        if not Path(section.source).is_file():
            raise DataError(f"{section.source}: no such file; expected Parquet with the columns article and highlights")
        data = datasets.Dataset.from_parquet(section.source)
    elif not HUB_NAME.fullmatch(section.source):  # a bare word would name a builder, and some unpickle
        raise DataError(f"{section.source}: expected a .parquet file or a hub dataset 'owner/name'")
    else:
        data = datasets.load_dataset(section.source, section.configuration, split="train")
    missing = {"article", "highlights"} - set(data.column_names)
    if missing:
        raise DataError(
            f"{section.source}: no column {', '.join(sorted(missing))}; it has {', '.join(data.column_names)}"
        )
    return data


def _claim(checkpoints: Path, config: TrainingConfig) -> None:
    """Mark the checkpoints as this run's. Raises ConfigError when they are of a run on other data or settings."""
    mark = checkpoints / "run.json"
    run = json.dumps({"training": config.model_dump(mode="json"), "data": fingerprints(config)}, sort_keys=True)
    if mark.is_file() and mark.read_text(encoding="utf-8") != run:
        raise ConfigError(
            f"{checkpoints}: checkpoints of a run with other data or settings; remove them, or choose another --out"
        )
    checkpoints.mkdir(parents=True, exist_ok=True)
    mark.write_text(run, encoding="utf-8")


def _article_examples(config: TrainingConfig, n_labels: int, tokenizer: Tokenizer) -> Iterator[Example]:
    section = config.summaries
    if section.source is None or section.limit == 0:
        return
    data = load_articles(section)
    data = data.shuffle(seed=config.seed).select(range(min(section.limit, len(data))))
    labelled = data.map(
        label_article,
        input_columns=["article", "highlights"],
        remove_columns=data.column_names,
        num_proc=os.cpu_count(),
        desc="oracle summaries",
    )
    for row in labelled:
        if row["sentences"]:
            yield article_example(
                row["sentences"],
                row["oracle"],
                n_labels,
                tokenizer,
                max_tokens=config.encoder.max_tokens,
                max_windows=section.max_windows,
            )


def _save(
    config: TrainingConfig, weights: Mapping[str, Tensor], data: TagData, files: EncoderFiles, out: Path
) -> Bundle:
    """Save, then load what was saved and calibrate that: the numbers are those of the model that will serve."""
    section = config.encoder
    bundle = Bundle(
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
            "stories": {"train": len(data.train), "held_out": len(data.held_out), "labels": _label_counts(data)},
            "training": config.model_dump(mode="json"),
        },
    )
    save_bundle(out, bundle, weights, model_card(bundle))
    analyzer = Analyzer.load(out)
    logits, targets = story_logits(analyzer, data.held_out), story_targets(data.held_out, data.labels)
    rules = tuple(make_rule(label, targets[:, i], logits[:, i]) for i, label in enumerate(data.labels))
    metrics = evaluate_tags(targets, logits, rules).to_json()
    final = replace(bundle, rules=rules, report={**bundle.report, "held_out": metrics})
    return save_bundle(out, final, weights, model_card(final))


def fingerprints(config: TrainingConfig) -> list[dict[str, str]]:
    """Name and SHA-256 of every local file that was learned from."""
    sources = [*config.tags.files, *([config.summaries.source] if config.summaries.source else [])]
    paths = [Path(path) for source in sources for path in sorted(glob.glob(source))]
    return [{"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in paths]


def _label_counts(data: TagData) -> dict[str, int]:
    """How many stories to learn from carry each label."""
    counts = count_labels(data.train)
    return {label: counts[label] for label in data.labels}

"""A training run: from labelled stories to a bundle."""

import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.files.json import JsonObject
from copydesk.model.network.encoder import Encoder, load_encoder
from copydesk.model.network.encoder_files import load_tokenizer, special_tokens
from copydesk.model.network.heads import Network
from copydesk.model.network.windows import SpecialTokens
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.tag_data import TagData
from copydesk.training.fit.checkpoints import claim_checkpoints
from copydesk.training.fit.examples import Example, article_examples, story_example
from copydesk.training.fit.forward import predict_salience, sentence_vectors
from copydesk.training.fit.low_rank import bundle_weights, check_storable, copy_weights
from copydesk.training.fit.save import calibrate_bundle, describe_bundle, load_trained, save_trained
from copydesk.training.fit.trainable import prepare_encoder
from copydesk.training.fit.trainer import train_network
from copydesk.training.fit.warm_start import Base, Start, start_from


@dataclass(frozen=True)
class ExampleSets:
    """What a run reads: stories and articles to learn from, and stories held out."""

    stories: list[Example]
    articles: list[Example]
    held_out: list[Example]


def train(config: TrainingConfig, data: TagData, start: Start, out: Path, progress: Progress = SILENT) -> Bundle:
    """Fine-tune the start on the data and save the bundle in `out`; checkpoints stand beside it until then.

    Raises ConfigError, DataError, EncoderError or, for a base that does not fit, BundleError before training begins.
    """
    torch.manual_seed(config.seed)
    encoder, tokenizer = load_encoder(start.encoder), load_tokenizer(start.encoder)
    network = _make_network(encoder, start.base, data.labels, config)
    original, before = encoder.body.state_dict(), copy_weights(network.encoder.body)
    rank = _choose_rank(config, start.base)
    check_storable(before, original, rank)
    bundle = describe_bundle(config, data, start.encoder)
    checkpoints = out.parent / f"{out.name}-checkpoints"
    claim_checkpoints(checkpoints, _identify(bundle, data, start.base))

    special = special_tokens(tokenizer)
    examples = _make_examples(config, data, tokenizer, progress)
    if start.base is not None:
        examples = _keep_summary(examples, network, config, special, progress)
    prepare_encoder(network, config.encoder)
    if config.encoder.mode == "head":
        examples = _encode_once(examples, network, special, progress)
    train_network(
        network,
        _repeat(examples.stories, config.tags.passes, config.seed) + examples.articles,
        examples.held_out,
        config,
        special=special,
        directory=checkpoints,
        progress=progress,
    )

    weights = bundle_weights(network, before, original, rank)
    bundle = calibrate_bundle(load_trained(bundle, weights, encoder, tokenizer), data.held_out)
    bundle = save_trained(out, bundle, weights)
    shutil.rmtree(checkpoints)
    return bundle


def _make_network(encoder: Encoder, base: Base | None, labels: Sequence[str], config: TrainingConfig) -> Network:
    """The network to train, its encoder a copy of the pretrained one, with all that the base knows."""
    trained = copy.deepcopy(encoder)
    if not torch.cuda.is_available():
        body: Any = trained.body  # Any: transformers' models have no common type
        body.set_attn_implementation("eager")  # on a CPU sdpa's backward pass takes a third of a step
    network = Network(trained, len(labels), config.heads.to_heads())
    if base is not None:
        start_from(network, base, labels)
    return network


def _choose_rank(config: TrainingConfig, base: Base | None) -> int:
    """The rank of the updates that the bundle stores, no less than its base's; 0 where it stores every weight."""
    if config.encoder.rank == 0:
        return 0
    return max(config.encoder.rank, base.rank if base else 0)


def _identify(bundle: Bundle, data: TagData, base: Base | None) -> JsonObject:
    """What makes a run this one: its settings, files, split and base."""
    return {
        "training": bundle.report["training"],
        "data": bundle.report["data"],
        "stories": data.fingerprint,
        "base": base and base.bundle.digest,
    }


def _make_examples(config: TrainingConfig, data: TagData, tokenizer: Tokenizer, progress: Progress) -> ExampleSets:
    section = config.tags
    encode = partial(
        story_example,
        labels=data.labels,
        tokenizer=tokenizer,
        max_tokens=config.encoder.max_tokens,
        max_windows=section.max_windows,
    )
    articles = list(article_examples(config, len(data.labels), tokenizer, progress))
    times = f"{section.passes:g} times {len(data.train)} stories"
    progress.say(f"learning from {times} and {len(articles)} articles with summaries")
    return ExampleSets([encode(story) for story in data.train], articles, [encode(story) for story in data.held_out])


def _keep_summary(
    examples: ExampleSets, network: Network, config: TrainingConfig, special: SpecialTokens, progress: Progress
) -> ExampleSets:
    """Stories with the salience that the base gives their sentences: the network does not unlearn it.

    Where encoder and articles could change nothing, the salience head is frozen instead.
    """
    if config.encoder.mode == "head" and not examples.articles:
        network.salience_head.requires_grad_(requires_grad=False)
        return examples
    taught = predict_salience(network, examples.stories, special, progress)
    stories = [replace(story, salience=own.numpy()) for story, own in zip(examples.stories, taught, strict=True)]
    return replace(examples, stories=stories)


def _encode_once(examples: ExampleSets, network: Network, special: SpecialTokens, progress: Progress) -> ExampleSets:
    """Examples with the vectors of their sentences: a frozen encoder gives no others."""

    def encode(part: list[Example]) -> list[Example]:
        vectors = sentence_vectors(network, part, special, progress)
        return [replace(example, vectors=own) for example, own in zip(part, vectors, strict=True)]

    return ExampleSets(encode(examples.stories), encode(examples.articles), encode(examples.held_out))


def _repeat(stories: Sequence[Example], passes: float, seed: int) -> list[Example]:
    """Every story `passes` times, in an order drawn anew for each pass."""
    order = np.random.default_rng(seed)
    seen = [stories[i] for _ in range(int(np.ceil(passes))) for i in order.permutation(len(stories))]
    return seen[: round(passes * len(stories))]

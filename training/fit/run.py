"""From labelled stories to a bundle: tokenize, train, save."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from tokenizers import Tokenizer
from torch import Tensor, nn

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.errors import ConfigError
from copydesk.model.network.encoder import load_encoder
from copydesk.model.network.encoder_files import find_encoder, load_tokenizer, special_tokens
from copydesk.model.network.heads import Network
from copydesk.model.network.windows import SpecialTokens
from copydesk.training.config import TrainingConfig
from copydesk.training.data.tag_data import TagData
from copydesk.training.fit.examples import Example, article_examples, story_example
from copydesk.training.fit.low_rank import bundle_weights, check_storable
from copydesk.training.fit.predict import predict_salience, sentence_vectors
from copydesk.training.fit.save import fingerprints, save_trained
from copydesk.training.fit.trainer import prepare_encoder, train_network
from copydesk.training.fit.warm_start import Base, load_base, start_from

_console = Console(stderr=True)


@dataclass(frozen=True)
class Parts:
    """What a run reads: stories and articles to learn from, and stories held out."""

    stories: list[Example]
    articles: list[Example]
    held_out: list[Example]


def train(config: TrainingConfig, data: TagData, out: Path, *, base: Path | None = None) -> Bundle:
    """Train on the data and save the bundle in `out`; checkpoints stand beside it until then.

    With `base`, the bundle in that directory is trained on. Raises ConfigError, DataError, EncoderError or, for a base
    that does not fit, BundleError before any training starts.
    """
    files = find_encoder(config.encoder.name, config.encoder.revision)
    start = load_base(base, files, config.heads.to_heads()) if base else None
    torch.manual_seed(config.seed)
    # On a CPU, sdpa's backward pass takes a third of a step.
    encoder = load_encoder(files, attention="sdpa" if torch.cuda.is_available() else "eager")
    original = _copy(encoder.body)
    network = Network(encoder, len(data.labels), config.heads.to_heads())
    if start is not None:
        start_from(network, start, data.labels)
    before = _copy(encoder.body)
    rank = max(config.encoder.rank, start.rank if start else 0) if config.encoder.rank else 0
    if rank:
        check_storable(before, original)
    checkpoints = out.parent / f"{out.name}-checkpoints"
    _claim(checkpoints, config, data, start)
    tokenizer = load_tokenizer(files)
    special = special_tokens(tokenizer)
    examples = _make_examples(config, data, tokenizer)
    if start is not None and config.encoder.mode == "head" and not examples.articles:
        network.salience_head.requires_grad_(requires_grad=False)  # it knows all that the base could teach
    elif start is not None:
        examples = replace(examples, stories=_teach_salience(examples.stories, network, special))
    prepare_encoder(network, config.encoder)
    if config.encoder.mode == "head":
        examples = Parts(*(_with_vectors(part, network, special) for part in vars(examples).values()))
    seen = _repeat(examples.stories, config.tags.passes, config.seed) + examples.articles
    train_network(network, seen, examples.held_out, config, special=special, directory=checkpoints)
    bundle = save_trained(config, bundle_weights(network, before, original, rank), data, files, out)
    shutil.rmtree(checkpoints)
    return bundle


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in module.state_dict().items()}


def _make_examples(config: TrainingConfig, data: TagData, tokenizer: Tokenizer) -> Parts:
    section = config.tags
    encode = partial(
        story_example,
        labels=data.labels,
        tokenizer=tokenizer,
        max_tokens=config.encoder.max_tokens,
        max_windows=section.max_windows,
    )
    articles = list(article_examples(config, len(data.labels), tokenizer))
    times = f"{section.passes:g} times {len(data.train)} stories"
    _console.print(f"learning from {times} and {len(articles)} articles with summaries", highlight=False)
    return Parts([encode(story) for story in data.train], articles, [encode(story) for story in data.held_out])


def _teach_salience(stories: Sequence[Example], network: Network, special: SpecialTokens) -> list[Example]:
    """The stories, with the salience that the base gives their sentences."""
    taught = predict_salience(network, stories, special)
    return [replace(story, salience=own.numpy()) for story, own in zip(stories, taught, strict=True)]


def _with_vectors(examples: Sequence[Example], network: Network, special: SpecialTokens) -> list[Example]:
    vectors = sentence_vectors(network, examples, special)
    return [replace(example, vectors=own) for example, own in zip(examples, vectors, strict=True)]


def _repeat(stories: Sequence[Example], passes: float, seed: int) -> list[Example]:
    """Every story `passes` times, in an order drawn anew for each pass."""
    order = np.random.default_rng(seed)
    seen = [stories[i] for _ in range(int(np.ceil(passes))) for i in order.permutation(len(stories))]
    return seen[: round(passes * len(stories))]


def _claim(checkpoints: Path, config: TrainingConfig, data: TagData, start: Base | None) -> None:
    """Mark the checkpoints as this run's. Raises ConfigError when they are of a run on other data or settings."""
    mark = checkpoints / "run.json"
    described = {
        "training": config.model_dump(mode="json"),
        "data": fingerprints(config),
        "stories": data.fingerprint,
        "base": start and start.bundle.digest,
    }
    run = json.dumps(described, sort_keys=True)
    if mark.is_file() and mark.read_text(encoding="utf-8") != run:
        raise ConfigError(
            f"{checkpoints}: checkpoints of a run with other data or settings; remove them, or choose another --out"
        )
    checkpoints.mkdir(parents=True, exist_ok=True)
    mark.write_text(run, encoding="utf-8")

"""A training run: from labelled stories to a bundle."""

import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.files.json import JsonObject
from copydesk.model.network.encoder.encoder import Encoder, load_encoder
from copydesk.model.network.encoder.files import load_tokenizer, special_tokens
from copydesk.model.network.heads import Network
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.tag_data import TagData
from copydesk.training.evaluation.reference import keep_reference
from copydesk.training.fit.checkpoints import claim_checkpoints
from copydesk.training.fit.example_sets import Examples, Texts, read_texts, without_key
from copydesk.training.fit.examples import Example
from copydesk.training.fit.folds import CrossFit, cross_fit
from copydesk.training.fit.forward import predict_targets, sentence_vectors
from copydesk.training.fit.low_rank import Weights, bundle_weights, check_storable, copy_weights
from copydesk.training.fit.save import (
    calibrate_bundle,
    calibrate_crossed,
    describe_bundle,
    load_trained,
    save_trained,
)
from copydesk.training.fit.trainable import prepare_encoder
from copydesk.training.fit.trainer import train_network
from copydesk.training.fit.warm_start import Base, Start, settle, start_from


def train(config: TrainingConfig, data: TagData, start: Start, out: Path, progress: Progress = SILENT) -> Bundle:
    """Fine-tune the start on the data and save the bundle in `out`; checkpoints stand beside it until then.

    Raises ConfigError, DataError, EncoderError or, for a base that does not fit, BundleError before training begins.
    """
    torch.manual_seed(config.seed)
    config = settle(config, start.base.bundle if start.base else None)
    encoder = load_encoder(start.encoder, config.encoder.layers)
    tokenizer = load_tokenizer(start.encoder)
    network = _make_network(encoder, start.base, data.labels, config)
    origin = Origin(copy_weights(network.encoder.body), encoder.body.state_dict(), _choose_rank(config, start.base))
    check_storable(origin.before, origin.original, origin.rank)
    prepare_encoder(network, config.encoder)
    stories = data.train + data.held_out if config.tags.is_crossed else data.train
    texts = read_texts(config, stories)
    bundle = describe_bundle(config, data, start.encoder, start.base.bundle if start.base else None)
    checkpoints = out.parent / f"{out.name}-checkpoints"
    claim_checkpoints(checkpoints, _identify(bundle, data, start.base))

    run = Run(config, data, start, tokenizer, origin, checkpoints, progress)
    articles = run.read_articles(network)
    crossed = run.cross(bundle, network, texts, articles) if config.tags.is_crossed else None
    run.fit(network, texts, articles, "last")

    weights = bundle_weights(network, origin.before, origin.original, origin.rank)
    analyzer = load_trained(bundle, weights, encoder, tokenizer)
    bundle = calibrate_crossed(bundle, stories, crossed) if crossed else calibrate_bundle(analyzer, data.held_out)
    bundle = save_trained(out, bundle, weights)
    keep_reference(out, [] if crossed else data.held_out, progress)
    shutil.rmtree(checkpoints)
    return bundle


@dataclass(frozen=True)
class Origin:
    """The encoder's weights when training began and those of the plain encoder, and the rank of what is stored."""

    before: Weights
    original: Weights
    rank: int


class Run:
    """The trainings of one run: on articles, without each fold, on all texts; each with checkpoints of its own."""

    def __init__(
        self,
        config: TrainingConfig,
        data: TagData,
        start: Start,
        tokenizer: Tokenizer,
        origin: Origin,
        checkpoints: Path,
        progress: Progress,
    ) -> None:
        self._config, self._data, self._start, self._origin = config, data, start, origin
        self._tokenizer, self._special = tokenizer, special_tokens(tokenizer)
        self._checkpoints, self._progress = checkpoints, progress
        self._examples = Examples(config, data.labels, tokenizer)

    def read_articles(self, network: Network) -> list[Example]:
        """Train the network on the articles alone, where nothing else has taught it to choose; those to read again.

        With a base nothing is trained here, and all of them are read among the stories.
        """
        is_new = self._start.base is None
        articles = self._examples.articles(self._progress, is_key=is_new)
        if not is_new or not articles:
            return articles
        self._progress.say(f"learning to choose from {len(articles)} articles with summaries")
        self._train(network, articles, [], "articles")
        again = articles[: self._config.summaries.replay]
        return without_key(again) if self._config.editors.files else again

    def cross(self, bundle: Bundle, network: Network, texts: Texts, articles: list[Example]) -> CrossFit:
        """What networks that go on from this one, each without one fold, say of what they did not see."""
        n_folds = self._config.tags.folds

        def run(kept: Texts, fold: int) -> Analyzer:
            self._progress.say(f"fold {fold + 1} of {n_folds} is held out")
            own = copy.deepcopy(network)
            self.fit(own, kept, articles, f"fold-{fold + 1}")
            return self._analyzer(bundle, own)

        return cross_fit(texts, n_folds, run)

    def fit(self, network: Network, texts: Texts, articles: list[Example], name: str) -> None:
        """Train the network on the texts and the articles, with checkpoints under this name."""
        stories, edited = self._examples.stories(texts.stories), self._examples.edited(texts.edited)
        if self._start.base is not None:
            stories = self._keep_sentences(network, stories, can_freeze=not (articles or edited))
        self._progress.say(_describe(self._config, texts, articles))
        held_out = [] if self._config.tags.is_crossed else self._examples.plain(self._data.held_out)
        self._train(network, stories + edited + articles, held_out, name)

    def _train(self, network: Network, examples: list[Example], held_out: list[Example], name: str) -> None:
        if self._config.encoder.mode == "head":
            examples, held_out = self._encode_once(network, examples), self._encode_once(network, held_out)
        train_network(
            network,
            examples,
            held_out,
            self._config,
            special=self._special,
            directory=self._checkpoints / name,
            progress=self._progress,
        )

    def _keep_sentences(self, network: Network, stories: list[Example], *, can_freeze: bool) -> list[Example]:
        """Stories with what the base says of their sentences: the network does not unlearn it.

        Where encoder and other texts could change nothing, the sentence head is frozen instead.
        """
        if self._config.encoder.mode == "head" and can_freeze:
            network.sentence_head.requires_grad_(requires_grad=False)
            return stories
        name = "reading what the base would choose"
        each = list({id(story): story for story in stories}.values())  # a story that is seen again is the same object
        taught = predict_targets(network, each, self._special, self._progress, name)
        kept = {id(story): replace(story, sentences=own.sentences) for story, own in zip(each, taught, strict=True)}
        return [kept[id(story)] for story in stories]

    def _encode_once(self, network: Network, examples: list[Example]) -> list[Example]:
        """Examples with the vectors of their sentences: a frozen encoder gives no others."""
        vectors = sentence_vectors(network, examples, self._special, self._progress)
        return [replace(example, vectors=own) for example, own in zip(examples, vectors, strict=True)]

    def _analyzer(self, bundle: Bundle, network: Network) -> Analyzer:
        """The network as it would be served."""
        weights = bundle_weights(network, self._origin.before, self._origin.original, self._origin.rank)
        return load_trained(bundle, weights, load_encoder(self._start.encoder, bundle.layers), self._tokenizer)


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


def _describe(config: TrainingConfig, texts: Texts, articles: list[Example]) -> str:
    parts = [f"{config.tags.passes:g} times {len(texts.stories)} stories"]
    if texts.edited:
        parts.append(f"{config.editors.passes:g} times {len(texts.edited)} articles of editors")
    parts.append(f"{len(articles)} articles with summaries")
    return f"learning from {', '.join(parts[:-1])} and {parts[-1]}"

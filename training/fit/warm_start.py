"""Where a run starts: at a pretrained encoder alone, or at a bundle on it, with all that the bundle knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, Bundle, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import fill_encoder, load_weights, weights_under
from copydesk.model.errors import BundleError
from copydesk.model.network.encoder.files import EncoderFiles, find_encoder
from copydesk.model.network.heads import Network
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress

_MAX_TOKENS = 256  # of a window
_PER_LABEL = {"attention.weight": 0, "attention.bias": 0, "value.weight": 0, "zone": 1, "bias": 0}  # tensor -> its axis


@dataclass(frozen=True)
class Base:
    """A bundle to train on from, and its tensors in fp32."""

    bundle: Bundle
    weights: Mapping[str, Tensor]

    @property
    def rank(self) -> int:
        """Of its stored low-rank updates, 0 without any."""
        updates = [tensor for name, tensor in self.weights.items() if name.endswith(".lora_A.weight")]
        return max((update.shape[0] for update in updates), default=0)


@dataclass(frozen=True)
class Start:
    """The encoder that a run fine-tunes, and the bundle on it that the run trains on from, if any."""

    encoder: EncoderFiles
    base: Base | None = None


def find_start(config: TrainingConfig, base: Path | None = None) -> Start:
    """The configuration's encoder, and the bundle in the directory `base`.

    Raises EncoderError, or BundleError for a base with another encoder or heads of another size.
    """
    encoder = find_encoder(config.encoder.name, config.encoder.revision)
    return Start(encoder, load_base(base, encoder, config) if base else None)


def choose_start(config: TrainingConfig, store: Store | None, progress: Progress = SILENT) -> Start:
    """The start where no base is named: the store's current version, or the bundle that ships, or the plain encoder.

    The bundle that ships where nothing else would teach the summary. Tells which it is, and why another is not.
    """
    encoder = find_encoder(config.encoder.name, config.encoder.revision)
    for directory, name in _list_bases(config, store):
        try:
            base = load_base(directory, encoder, config)
        except BundleError as error:
            progress.say(f"not trained on from {name}: {error}")
            continue
        progress.say(f"training on from {name}; --base plain starts from the plain encoder")
        return Start(encoder, base)
    if config.summaries.source is None:
        progress.say("nothing teaches the summary: its sentences will be chosen at random; give --base or --summaries")
    return Start(encoder)


def load_base(directory: Path, encoder: EncoderFiles, config: TrainingConfig) -> Base:
    """The bundle in this directory. Raises BundleError when its network is another than the configuration's."""
    bundle = load_manifest(directory)
    if bundle.encoder_sha256 != encoder.sha256:
        raise BundleError(f"{directory}: its encoder is {bundle.encoder!r}, the configuration's is {encoder.name!r}")
    if config.encoder.layers not in ((), bundle.layers):
        wanted = f"the configuration's are {list(config.encoder.layers)}"
        raise BundleError(f"{directory}: its encoder's layers are {list(bundle.layers) or 'all'}, {wanted}")
    heads = config.heads.to_heads()
    if bundle.heads != heads:
        raise BundleError(f"{directory}: its heads are {bundle.heads}, the configuration's are {heads}")
    return Base(bundle, load_weights(directory))


def settle(config: TrainingConfig, base: Bundle | None) -> TrainingConfig:
    """The configuration with the base's layers and windows, or the usual ones, where it says nothing of them."""
    section = config.encoder
    return config.with_encoder(
        layers=section.layers or (base.layers if base else ()),
        max_tokens=section.max_tokens or (base.max_tokens if base else _MAX_TOKENS),
    )


def start_from(network: Network, base: Base, labels: Sequence[str]) -> None:
    """Give a fresh network for `labels` what the base knows; labels that the base does not have start anew.

    Raises BundleError for tensors that do not fit.
    """
    try:
        fill_encoder(network.encoder, base.bundle, base.weights)
        network.sentence_head.load_state_dict(weights_under(base.weights, "sentence_head."))
        _fill_tag_head(network, base, labels)
    except RuntimeError as error:
        raise BundleError(f"bundle {base.bundle.name!r}: its weights do not fit its bundle.json: {error}") from error


def _fill_tag_head(network: Network, base: Base, labels: Sequence[str]) -> None:
    old_labels = base.bundle.labels
    shared = [(i, old_labels.index(label)) for i, label in enumerate(labels) if label in old_labels]
    ours, theirs = network.tag_head.state_dict(), weights_under(base.weights, "tag_head.")
    for name, tensor in theirs.items():
        if name in _PER_LABEL:
            _copy_labels(ours[name], tensor, shared, _PER_LABEL[name])
        else:
            ours[name].copy_(tensor)


def _copy_labels(target: Tensor, source: Tensor, shared: Sequence[tuple[int, int]], axis: int) -> None:
    for i, j in shared:
        target.select(axis, i).copy_(source.select(axis, j))


def _list_bases(config: TrainingConfig, store: Store | None) -> Iterator[tuple[Path, str]]:
    if store is not None and (current := store.current()) is not None:
        yield store.path(current), f"the current version {current[:12]} of {store.directory}"
    if config.summaries.source is None:
        yield DEFAULT_BUNDLE, "the bundle that ships"

"""Training on from a bundle: its encoder, its heads, and what its summaries know."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from copydesk.model.bundles.manifest import Bundle, load_manifest
from copydesk.model.bundles.weights import load_network, load_weights
from copydesk.model.errors import BundleError
from copydesk.model.network.encoder_files import EncoderFiles
from copydesk.model.network.heads import Network
from copydesk.model.network.sizes import HeadConfig

_PER_LABEL = {"attention.weight": 0, "attention.bias": 0, "value.weight": 0, "zone": 1, "bias": 0}  # tensor -> its axis


@dataclass(frozen=True)
class Base:
    """A bundle to train on from, with its network in fp32; `rank` is that of its stored updates, 0 without any."""

    bundle: Bundle
    network: Network
    rank: int


def check_base(directory: Path, files: EncoderFiles, heads: HeadConfig) -> Bundle:
    """The bundle in this directory. Raises BundleError when it has another encoder or heads of another size."""
    bundle = load_manifest(directory)
    if bundle.encoder_sha256 != files.sha256:
        raise BundleError(f"{directory}: its encoder is {bundle.encoder!r}, the configuration's is {files.name!r}")
    if bundle.heads != heads:
        raise BundleError(f"{directory}: its heads are {bundle.heads}, the configuration's are {heads}")
    return bundle


def load_base(directory: Path, files: EncoderFiles, heads: HeadConfig) -> Base:
    """The bundle in this directory, to train on. Raises BundleError: see `check_base`."""
    bundle = check_base(directory, files, heads)
    ranks = [tensor.shape[0] for name, tensor in load_weights(directory).items() if name.endswith(".lora_A.weight")]
    return Base(bundle, load_network(directory, bundle, files), max(ranks, default=0))


def start_from(network: Network, base: Base, labels: Sequence[str]) -> None:
    """Give a fresh network for `labels` what the base knows; labels that the base does not have start anew."""
    network.encoder.body.load_state_dict(base.network.encoder.body.state_dict())
    network.salience_head.load_state_dict(base.network.salience_head.state_dict())
    old_labels = base.bundle.labels
    shared = [(i, old_labels.index(label)) for i, label in enumerate(labels) if label in old_labels]
    ours, theirs = network.tag_head.state_dict(), base.network.tag_head.state_dict()
    for name, tensor in theirs.items():
        if name in _PER_LABEL:
            _copy_labels(ours[name], tensor, shared, _PER_LABEL[name])
        else:
            ours[name].copy_(tensor)


def _copy_labels(target: Tensor, source: Tensor, shared: Sequence[tuple[int, int]], axis: int) -> None:
    for i, j in shared:
        target.select(axis, i).copy_(source.select(axis, j))

"""A bundle's weights: saved whole, loaded into a network."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from copydesk.model.bundles.manifest import CARD, MANIFEST, WEIGHTS, Bundle, load_manifest, to_manifest
from copydesk.model.errors import BundleError
from copydesk.model.files.disk import file_sha256, whole_directory
from copydesk.model.network.encoder import load_encoder, merge_adapter
from copydesk.model.network.encoder_files import check_hash, find_encoder
from copydesk.model.network.heads import Network, SalienceHead, TagHead


def save_bundle(directory: Path, bundle: Bundle, weights: Mapping[str, Tensor], card: str) -> Bundle:
    """Write the bundle as float16 and return it with its digest.

    All or nothing: a bundle that stood there is replaced when the new one is complete and on disk.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with whole_directory(directory) as new:
        save_file({name: _stored(tensor) for name, tensor in weights.items()}, new / WEIGHTS)
        (new / CARD).write_text(card, encoding="utf-8")
        manifest = to_manifest(bundle, {name: file_sha256(new / name) for name in (WEIGHTS, CARD)})
        (new / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return load_manifest(directory)


def load_network(directory: Path, bundle: Bundle) -> Network:
    """The bundle's network in fp32, with the low-rank updates merged into the encoder.

    Raises BundleError for weights that do not fit, EncoderError for an encoder that is not the one it was trained on.
    """
    files = find_encoder(bundle.encoder, bundle.encoder_revision)
    check_hash(files, bundle.encoder_sha256)
    weights = load_weights(directory)
    encoder = load_encoder(files)
    if encoder.max_tokens is not None and bundle.max_tokens > encoder.max_tokens:
        limit = f"max_tokens {bundle.max_tokens}, its encoder reads at most {encoder.max_tokens}"
        raise BundleError(f"{directory / MANIFEST}: {limit}; train it again with fewer")
    _check_sizes(directory, bundle, weights, encoder.width)
    network = Network(encoder, len(bundle.rules), bundle.heads)
    try:
        network.tag_head.load_state_dict(_part(weights, "tag_head."))
        network.salience_head.load_state_dict(_part(weights, "salience_head."))
        if bundle.adapter_scale is None:
            network.encoder.body.load_state_dict(_part(weights, "encoder."))
        else:
            merge_adapter(network.encoder, _part(weights, "adapter."), bundle.adapter_scale)
    except RuntimeError as error:
        raise BundleError(f"{directory / WEIGHTS}: does not fit its bundle.json: {error}") from error
    return network.eval().requires_grad_(requires_grad=False)


def _check_sizes(directory: Path, bundle: Bundle, weights: Mapping[str, Tensor], width: int) -> None:
    """Raise BundleError unless the heads have the sizes that the manifest says, before room is made for them."""
    with torch.device("meta"):
        heads = {
            "tag_head.": TagHead(width, len(bundle.rules), bundle.heads),
            "salience_head.": SalienceHead(width, bundle.heads),
        }
    for prefix, head in heads.items():
        for name, tensor in head.state_dict().items():
            found = weights.get(f"{prefix}{name}")
            if found is None or found.shape != tensor.shape:
                has = "is missing" if found is None else f"is {list(found.shape)}"
                raise BundleError(
                    f"{directory / WEIGHTS}: {prefix}{name} {has}, bundle.json says {list(tensor.shape)}; "
                    "restore the bundle from its source"
                )


def load_weights(directory: Path) -> dict[str, Tensor]:
    """The bundle's tensors in fp32, by the names they are stored under. Raises BundleError when they do not read."""
    try:
        return {name: tensor.float() for name, tensor in load_file(directory / WEIGHTS).items()}
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{directory / WEIGHTS}: {error}; restore the bundle from its source") from error


def _part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


def _stored(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().to(torch.float16).contiguous()

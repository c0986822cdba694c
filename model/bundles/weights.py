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
from copydesk.model.network.encoder.encoder import Encoder, load_encoder, merge_adapter
from copydesk.model.network.encoder.files import EncoderFiles, check_hash
from copydesk.model.network.heads import Network, SentenceHead, TagHead


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


def load_network(directory: Path, bundle: Bundle, files: EncoderFiles) -> Network:
    """The bundle's network on this encoder, in fp32, with the low-rank updates merged into it.

    Raises BundleError for weights that do not fit, EncoderError for an encoder that is not the one it was trained on.
    """
    check_hash(files, bundle.encoder_sha256)
    weights = load_weights(directory)
    encoder = load_encoder(files, bundle.layers)
    if encoder.max_tokens is not None and bundle.max_tokens > encoder.max_tokens:
        limit = f"max_tokens {bundle.max_tokens}, its encoder reads at most {encoder.max_tokens}"
        raise BundleError(f"{directory / MANIFEST}: {limit}; train it again with fewer")
    _check_sizes(directory, bundle, weights, encoder.width)
    try:
        return make_network(encoder, bundle, weights)
    except RuntimeError as error:
        raise BundleError(f"{directory / WEIGHTS}: does not fit its bundle.json: {error}") from error


def make_network(encoder: Encoder, bundle: Bundle, weights: Mapping[str, Tensor]) -> Network:
    """The bundle's network from a bundle's tensors; they change the pretrained `encoder` in place.

    Raises RuntimeError for tensors that do not fit.
    """
    network = Network(encoder, len(bundle.rules), bundle.heads)
    network.tag_head.load_state_dict(weights_under(weights, "tag_head."))
    network.sentence_head.load_state_dict(weights_under(weights, "sentence_head."))
    fill_encoder(encoder, bundle, weights)
    return network.eval().requires_grad_(requires_grad=False)


def fill_encoder(encoder: Encoder, bundle: Bundle, weights: Mapping[str, Tensor]) -> None:
    """Give the pretrained encoder the weights that the bundle stores, in place. Raises as `make_network` does."""
    if bundle.adapter_scale is None:
        encoder.body.load_state_dict(weights_under(weights, "encoder."))
    else:
        merge_adapter(encoder, weights_under(weights, "adapter."), bundle.adapter_scale)


def _check_sizes(directory: Path, bundle: Bundle, weights: Mapping[str, Tensor], width: int) -> None:
    """Raise BundleError unless the heads have the sizes that the manifest says, before room is made for them."""
    with torch.device("meta"):
        heads = {
            "tag_head.": TagHead(width, len(bundle.rules), bundle.heads),
            "sentence_head.": SentenceHead(width, bundle.heads),
        }
    for prefix, head in heads.items():
        for name, tensor in head.state_dict().items():
            found = weights.get(f"{prefix}{name}")
            if found is None or found.shape != tensor.shape:
                has = "is missing" if found is None else f"is {list(found.shape)}"
                raise BundleError(
                    f"{directory / WEIGHTS}: does not fit its bundle.json: {prefix}{name} {has}, expected "
                    f"{list(tensor.shape)}; restore the bundle from its source"
                )


def load_weights(directory: Path) -> dict[str, Tensor]:
    """The bundle's tensors in fp32, by the names they are stored under. Raises BundleError when they do not read."""
    try:
        return {name: tensor.float() for name, tensor in load_file(directory / WEIGHTS).items()}
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{directory / WEIGHTS}: {error}; restore the bundle from its source") from error


def as_stored(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as `load_weights` will give them when a bundle has stored them: fp32 values rounded to float16."""
    return {name: _stored(tensor).float() for name, tensor in weights.items()}


def weights_under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


def _stored(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().to(torch.float16).contiguous()

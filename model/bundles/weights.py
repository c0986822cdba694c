"""A bundle's weights: saved whole, loaded into a network."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from copydesk.model.bundles.manifest import CARD, MANIFEST, WEIGHTS, Bundle, load_manifest, to_manifest
from copydesk.model.errors import BundleError
from copydesk.model.files.disk import file_sha256, sync
from copydesk.model.network.encoder import load_encoder, merge_adapter
from copydesk.model.network.encoder_files import EncoderFiles, check_hash
from copydesk.model.network.heads import Network


def save_bundle(directory: Path, bundle: Bundle, weights: Mapping[str, Tensor], card: str) -> Bundle:
    """Write the bundle as float16 and return it with its digest.

    All or nothing: it is written beside `directory` and renamed; a bundle that stood there is replaced only then.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        save_file({name: _stored(tensor) for name, tensor in weights.items()}, temporary / WEIGHTS)
        (temporary / CARD).write_text(card, encoding="utf-8")
        manifest = to_manifest(bundle, {name: file_sha256(temporary / name) for name in (WEIGHTS, CARD)})
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        temporary.chmod(0o755)  # mkdtemp and save_file keep others out
        (temporary / WEIGHTS).chmod(0o644)
        for path in temporary.iterdir():
            sync(path)
        _replace(temporary, directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return load_manifest(directory)


def load_network(directory: Path, bundle: Bundle, files: EncoderFiles) -> Network:
    """The bundle's network on this encoder, in fp32, with the low-rank updates merged into it.

    Raises BundleError for weights that do not fit, EncoderError for an encoder that is not the one it was trained on.
    """
    check_hash(files, bundle.encoder_sha256)
    weights = load_weights(directory)
    network = Network(load_encoder(files), len(bundle.rules), bundle.heads)
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


def _replace(new: Path, target: Path) -> None:
    """Rename `new` to `target`; what stood there goes only after the new one is complete."""
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
        target.rename(old / target.name)
        new.rename(target)
        shutil.rmtree(old)
    else:
        new.rename(target)

"""The bundle: a trained model as a directory of safetensors and JSON, nothing that can run code.

bundle.json          what it is: labels, thresholds, encoder, heads, metrics, data, and a digest of all of it
weights.safetensors  the heads, and the encoder's low-rank updates ("adapter.") or its own weights ("encoder.")
README.md            the model card
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.encoder import check_hash, file_sha256, find_encoder, load_encoder, merge_adapter
from model.errors import BundleError
from model.network import HeadConfig, Network
from model.sync import sync
from model.tags import LabelRule

DEFAULT_BUNDLE = Path(__file__).parent / "default"
_SCHEMA = 1
_MANIFEST, _WEIGHTS, _CARD = BUNDLE_FILES = ("bundle.json", "weights.safetensors", "README.md")


@dataclass(frozen=True)
class Bundle:
    """What a bundle says of itself. `report` holds metrics, data fingerprints and the training configuration."""

    name: str
    rules: tuple[LabelRule, ...]
    encoder: str
    encoder_revision: str | None
    encoder_sha256: str
    max_tokens: int
    heads: HeadConfig
    adapter_scale: float | None  # None: the encoder's own weights are in the bundle
    report: Mapping[str, Any] = field(default_factory=dict)  # JSON: read by people and by `copydesk evaluate`
    digest: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in order."""
        return tuple(rule.label for rule in self.rules)


def save_bundle(directory: Path, bundle: Bundle, weights: Mapping[str, Tensor], card: str) -> Bundle:
    """Write the bundle as float16 and return it with its digest.

    All or nothing: it is written beside `directory` and renamed; a bundle that stood there is replaced only then.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        save_file({name: _stored(tensor) for name, tensor in weights.items()}, temporary / _WEIGHTS)
        (temporary / _CARD).write_text(card, encoding="utf-8")
        manifest = _to_manifest(bundle) | {"files": {f: file_sha256(temporary / f) for f in (_WEIGHTS, _CARD)}}
        manifest["digest"] = _digest(manifest)
        (temporary / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        temporary.chmod(0o755)  # mkdtemp and save_file keep others out
        (temporary / _WEIGHTS).chmod(0o644)
        for path in temporary.iterdir():
            sync(path)
        _replace(temporary, directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return load_manifest(directory)


def load_manifest(directory: Path) -> Bundle:
    """What the bundle in `directory` says of itself, after its digest and every file's hash were checked.

    Raises BundleError when it is missing, damaged or of another schema.
    """
    path = directory / _MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{path}: not found; name a bundle directory, or make one with `copydesk train`") from error
    except (ValueError, OSError) as error:
        raise BundleError(f"{path}: not readable as JSON; restore the bundle from its source") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != _SCHEMA:
        found = manifest.get("schema") if isinstance(manifest, dict) else None
        raise BundleError(f"{path}: schema {found}, this version reads {_SCHEMA}; upgrade copydesk or retrain")
    if _digest(manifest) != manifest.get("digest"):
        raise BundleError(f"{path}: its digest does not match its content; restore the bundle from its source")
    for name, expected in manifest["files"].items():
        if not (directory / name).is_file() or file_sha256(directory / name) != expected:
            raise BundleError(f"{directory / name}: missing or changed since it was saved; restore the bundle")
    return _from_manifest(manifest)


def load_network(directory: Path, bundle: Bundle) -> Network:
    """The bundle's network in fp32, with the low-rank updates merged into the encoder.

    Raises BundleError for weights that do not fit, EncoderError for an encoder that is not the one it was trained on.
    """
    files = find_encoder(bundle.encoder, bundle.encoder_revision)
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
        raise BundleError(f"{directory / _WEIGHTS}: does not fit its bundle.json: {error}") from error
    return network.eval().requires_grad_(requires_grad=False)


def load_weights(directory: Path) -> dict[str, Tensor]:
    """The bundle's tensors in fp32, by the names they are stored under. Raises BundleError when they do not read."""
    try:
        return {name: tensor.float() for name, tensor in load_file(directory / _WEIGHTS).items()}
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{directory / _WEIGHTS}: {error}; restore the bundle from its source") from error


def _part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


def _to_manifest(bundle: Bundle) -> dict[str, Any]:
    manifest = asdict(bundle) | {"schema": _SCHEMA, "activation": "sigmoid"}
    manifest["rules"] = [asdict(rule) for rule in bundle.rules]
    return {"schema": manifest.pop("schema"), **manifest}


def _from_manifest(manifest: dict[str, Any]) -> Bundle:
    values = {key: value for key, value in manifest.items() if key not in ("schema", "activation", "files")}
    values["rules"] = tuple(LabelRule(**rule) for rule in values["rules"])
    values["heads"] = HeadConfig(**values["heads"])
    return Bundle(**values)


def _digest(manifest: Mapping[str, Any]) -> str:
    content = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


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

"""The bundle: a trained model as a directory of safetensors and JSON, nothing that can run code.

bundle.json          what it is: labels, thresholds, encoder, heads, metrics, data, and a digest of all of it
weights.safetensors  the heads, and the encoder's low-rank updates ("adapter.") or its own weights ("encoder.")
README.md            the model card

Beside them may stand reference.json, the texts that drift is told from; it is in no digest.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from copydesk.model.errors import BundleError
from copydesk.model.files.disk import file_sha256
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule

SHIPPED = {name: Path(__file__).parents[1] / name for name in ("default", "fast")}  # by the names that commands know
DEFAULT_BUNDLE = SHIPPED["default"]
_SCHEMA = 2
_ACTIVATION = "sigmoid"  # the one that `LabelRule` knows
ENGLISH = ("en",)  # what a bundle was made for that does not say so
REFERENCE = "reference.json"
MANIFEST, WEIGHTS, CARD = BUNDLE_FILES = ("bundle.json", "weights.safetensors", "README.md")


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
    languages: tuple[str, ...] = ENGLISH  # that it was made for, by their ISO 639 codes
    layers: tuple[int, ...] = ()  # of the encoder that are used, counted from 0; none: all

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in order."""
        return tuple(rule.label for rule in self.rules)


def bundle_directory(name: str | Path) -> Path:
    """The directory of a bundle: of one that ships, by its name, else the directory that is named."""
    return SHIPPED.get(str(name), Path(name))


def load_manifest(directory: Path) -> Bundle:
    """What the bundle in `directory` says of itself, after its digest and every file's hash were checked.

    Raises BundleError when it is missing, damaged or of another schema.
    """
    from copydesk.model.bundles.schema import find_fault

    path = directory / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError as error:
        raise BundleError(f"{path}: not found; name a bundle directory, or make one with `copydesk train`") from error
    except (ValueError, RecursionError, OSError) as error:
        raise BundleError(f"{path}: not readable as JSON; restore the bundle from its source") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != _SCHEMA:
        found = manifest.get("schema") if isinstance(manifest, dict) else None
        raise BundleError(f"{path}: schema {found}, this version reads {_SCHEMA}; upgrade copydesk or retrain")
    if _digest(manifest) != manifest.get("digest"):
        raise BundleError(f"{path}: its digest does not match its content; restore the bundle from its source")
    if fault := find_fault(manifest, frozenset((WEIGHTS, CARD))):
        raise BundleError(f"{path}: {fault}; restore the bundle from its source, or train it again")
    for name, expected in manifest["files"].items():
        if not (directory / name).is_file() or file_sha256(directory / name) != expected:
            raise BundleError(f"{directory / name}: missing or changed since it was saved; restore the bundle")
    return _from_manifest(manifest)


def to_manifest(bundle: Bundle, files: Mapping[str, str]) -> dict[str, Any]:
    """The content of bundle.json, digest included. files: each file's SHA-256."""
    manifest = {"schema": _SCHEMA, **asdict(bundle), "activation": _ACTIVATION, "files": dict(files)}
    manifest["rules"] = [asdict(rule) for rule in bundle.rules]
    manifest["digest"] = _digest(manifest)
    return manifest


def _from_manifest(manifest: dict[str, Any]) -> Bundle:
    values = {key: value for key, value in manifest.items() if key not in ("schema", "activation", "files")}
    values["rules"] = tuple(LabelRule(**rule) for rule in values["rules"])
    values["languages"] = tuple(values.get("languages", ENGLISH))
    values["layers"] = tuple(values.get("layers", ()))
    values["heads"] = HeadConfig(**values["heads"])
    return Bundle(**values)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _digest(manifest: Mapping[str, Any]) -> str:
    content = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

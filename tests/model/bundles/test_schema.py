"""A bundle from anywhere: whatever its manifest says, it is one sentence and never a crash, a loop or a full memory."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import WEIGHTS, load_manifest
from copydesk.model.errors import BundleError
from copydesk.model.files.disk import file_sha256
from support.tiny import make_tiny_bundle

Change = Callable[[dict[str, Any]], object]


def forge(directory: Path, change: Change) -> Path:
    """A bundle with a changed manifest, whose digest is right."""
    make_tiny_bundle(directory)
    path = directory / "bundle.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    content = {key: value for key, value in manifest.items() if key != "digest"}
    manifest["digest"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps(manifest))
    return directory


def rule(**values: object) -> Change:
    return lambda manifest: manifest["rules"][0].update(values)


def top(**values: object) -> Change:
    return lambda manifest: manifest.update(values)


def heads(**values: object) -> Change:
    return lambda manifest: manifest["heads"].update(values)


HOSTILE: dict[str, tuple[Change, str]] = {
    "NaN slope": (rule(slope=float("nan")), "not readable as JSON"),
    "infinite slope": (rule(slope=float("inf")), "not readable as JSON"),
    "huge slope": (rule(slope=1e300), "rules.0.slope"),
    "negative slope": (rule(slope=-1.0), "rules.0.slope"),
    "NaN threshold": (rule(threshold=float("nan")), "not readable as JSON"),
    "threshold of 2": (rule(threshold=2), "rules.0.threshold"),
    "half a character": (rule(label="\ud800"), "rules.0.label: .* unicode"),
    "a label twice": (rule(label="security"), "label 'security' stands twice"),
    "no label": (top(rules=[]), "rules"),
    "1 token": (top(max_tokens=1), "max_tokens"),
    "-5 tokens": (top(max_tokens=-5), "max_tokens"),
    "100,000 tokens": (top(max_tokens=100_000), "max_tokens"),
    "more tokens than the encoder reads": (top(max_tokens=60_000), "its encoder reads at most"),
    "no file hashed": (top(files={}), "files: expected a hash of each of README.md, weights.safetensors"),
    "another file": (lambda m: m["files"].update({"../evil": "0" * 64}), "files: expected a hash of each"),
    "absurd sizes": (heads(tag_width=10**9), "heads.tag_width"),
    "sizes that do not divide": (heads(salience_heads=3), "salience_width 16 is no multiple"),
    "sizes of other weights": (
        heads(tag_width=32),
        r"does not fit its bundle.json: tag_head.hidden.weight is \[16, 32\]",
    ),
    "an unknown key": (top(code="import os"), "code: Extra inputs"),
    "another activation": (top(activation="softmax"), "activation"),
    "a name of another kind": (top(name=["x"]), "name"),
    "no rules": (lambda m: m.pop("rules"), "rules: Field required"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_manifest_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    change, message = HOSTILE[name]
    with pytest.raises(BundleError, match=message) as caught:
        Analyzer.load(forge(tmp_path / "b", change), "cpu")
    assert "\n" not in str(caught.value)


def test_deep_nesting_is_no_json(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "b")
    (tmp_path / "b" / "bundle.json").write_text("[" * 100_000)
    with pytest.raises(BundleError, match="not readable as JSON"):
        load_manifest(tmp_path / "b")


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    directory = forge(tmp_path / "b", lambda manifest: None)
    weights = load_file(directory / WEIGHTS)
    del weights["tag_head.bias"]
    save_file(weights, directory / WEIGHTS)

    forged = json.loads((directory / "bundle.json").read_text())
    forged["files"][WEIGHTS] = file_sha256(directory / WEIGHTS)
    content = {key: value for key, value in forged.items() if key != "digest"}
    forged["digest"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (directory / "bundle.json").write_text(json.dumps(forged))
    with pytest.raises(BundleError, match=r"tag_head\.bias is missing"):
        Analyzer.load(directory, "cpu")

"""A tiny random encoder and a bundle on it, for tests that need the real path and no quality."""

import json
from pathlib import Path

import pytest
import torch

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.weights import save_bundle
from copydesk.model.network.encoder.encoder import load_encoder
from copydesk.model.network.encoder.files import find_encoder
from copydesk.model.network.heads import Network
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule

ROOT = Path(__file__).parents[2]
TINY_ENCODER = ROOT / "tests" / "support" / "tiny_encoder"
CASES = ROOT / "tests" / "cases"  # inputs of the kinds that people have reported as misread
TINY_HEADS = HeadConfig(tag_width=16, salience_width=16, salience_layers=1, salience_heads=2)
LABELS = ("trade", "security", "taiwan", "drugs")

STORY = (
    "Ministers agreed to cut the duty on steel. The talks in Taipei took three days.\n"
    "Police found heroin in a lorry full of tiles! Nobody was hurt, the army said. It will rain on Sunday."
)

# Warnings of the training libraries among themselves.
TRAINING_WARNINGS = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

SENTENCES = {
    "trade": "Ministers agreed to cut the duty on steel in the trade talks.",
    "security": "The army sent troops to the border on Sunday.",
    "drugs": "Police found heroin and another drug in a lorry.",
    "": "The team scored a goal in the rain and won the match.",
}


def make_tiny_bundle(directory: Path, seed: int = 0) -> Bundle:
    """A bundle with random weights on the tiny encoder."""
    torch.manual_seed(seed)
    files = find_encoder(str(TINY_ENCODER))
    network = Network(load_encoder(files), len(LABELS), TINY_HEADS)
    bundle = Bundle(
        name="tiny",
        rules=tuple(LabelRule(label, threshold=0.5) for label in LABELS),
        encoder=files.name,
        encoder_revision=None,
        encoder_sha256=files.sha256,
        max_tokens=32,
        heads=TINY_HEADS,
        adapter_scale=1.0,
    )
    weights = {name: t for name, t in network.state_dict().items() if not name.startswith("encoder.")}
    return save_bundle(directory, bundle, weights, "# tiny\n")


def write_stories(path: Path, n_each: int = 14, first: int = 0) -> Path:
    """Easy stories: the label stands in the first sentence."""
    rows = [
        {"text": f"{sentence} It was day {n}.", "labels": [label] if label else []}
        for n in range(first, first + n_each)
        for label, sentence in SENTENCES.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_edited(path: Path, key: list[int]) -> Path:
    """One article, and the numbers of the sentences that an editor would print; it has two."""
    spans = [[0, 47], [48, 79]]  # of STORY's first line
    annotation = {"key": key, "also": [], "furniture": [], "dangling": []}
    path.write_text(json.dumps({"id": "a1", "text": STORY, "spans": spans, "annotations": [annotation]}) + "\n")
    return path


def write_config(path: Path, data: Path | str, **changes: str) -> Path:
    """The smoke configuration on other data; `changes` replaces values, key by key."""
    text = (ROOT / "configs" / "smoke.toml").read_text().replace("tests/support/tiny_encoder", str(TINY_ENCODER))
    for key, value in {"files": f'["{data}"]', **changes}.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in text.splitlines()]
        text = "\n".join(lines)
    path.write_text(text)
    return path

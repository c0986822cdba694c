"""A tiny random encoder and a bundle on it, for tests that need the real path and no quality."""

from pathlib import Path

import torch

from model.bundle import Bundle, save_bundle
from model.encoder import find_encoder, load_encoder
from model.network import HeadConfig, Network
from model.tags import LabelRule

ROOT = Path(__file__).parent.parent
TINY_ENCODER = ROOT / "tests" / "tiny_encoder"
TINY_HEADS = HeadConfig(tag_width=16, salience_width=16, salience_layers=1, salience_heads=2)
LABELS = ("trade", "security", "taiwan", "drugs")

STORY = (
    "Ministers agreed to cut the duty on steel. The talks in Taipei took three days.\n"
    "Police found heroin in a lorry full of tiles! Nobody was hurt, the army said. It will rain on Sunday."
)


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

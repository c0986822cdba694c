"""Sizes of the heads, known without loading them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HeadConfig:
    """Sizes of the two heads."""

    tag_width: int = 256
    salience_width: int = 256
    salience_layers: int = 2
    salience_heads: int = 4

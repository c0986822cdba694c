"""Sizes of the heads, known without loading them."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class HeadConfig:
    """Sizes of the two heads."""

    tag_width: int = 256
    salience_width: int = 256
    salience_layers: int = 2
    salience_heads: int = 4

    def to_json(self) -> dict[str, int]:
        """The sizes as they stand in a bundle."""
        return asdict(self)

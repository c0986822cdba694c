"""Sizes of the heads, and what they say of a sentence: known without loading them."""

from dataclasses import dataclass
from enum import IntEnum


class SentenceScore(IntEnum):
    """The columns of what is said of a sentence, each a logit.

    salience: an editor would print it; furniture: it is no part of the story; dangling: it cannot stand alone; oracle:
    it is one of those nearest to a reference summary by ROUGE.
    """

    SALIENCE = 0
    FURNITURE = 1
    DANGLING = 2
    ORACLE = 3


@dataclass(frozen=True)
class HeadConfig:
    """Sizes of the two heads."""

    tag_width: int = 256
    salience_width: int = 256
    salience_layers: int = 2
    salience_heads: int = 4

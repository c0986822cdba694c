"""Sentence vectors: the mean of each sentence's token states, summed up batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SentenceSums:
    """Sums of sentences' token states, float32 [sentences, width], and how many states each holds, [sentences, 1]."""

    sums: Tensor
    counts: Tensor

    @property
    def vectors(self) -> Tensor:
        """The mean of each sentence's token states, float32 [sentences, width]; zeros for a sentence without tokens."""
        return self.sums / self.counts.clamp(min=1)

    def split(self, lengths: list[int]) -> list["SentenceSums"]:
        """The same in runs of so many sentences."""
        pairs = zip(torch.split(self.sums, lengths), torch.split(self.counts, lengths), strict=True)
        return [SentenceSums(sums, counts) for sums, counts in pairs]


def join_sums(parts: Sequence[SentenceSums]) -> SentenceSums:
    """The sums of all the parts, one after the other."""
    return SentenceSums(torch.cat([part.sums for part in parts]), torch.cat([part.counts for part in parts]))


def add_token_states(sums: Tensor, counts: Tensor, states: Tensor, sentence_of: Tensor) -> None:
    """Add token states to their sentences' sums, in place, with one index_add.

    sums: float32 [sentences + 1, width] and counts: float32 [sentences + 1, 1], whose last row collects special
    tokens and padding (sentence_of -1); states: float [windows, tokens, width]; sentence_of: int64 [windows, tokens].
    Sums in float32 even for bf16 states: bf16 sums lose the tail.
    """
    index = sentence_of.flatten() % len(sums)  # -1 -> the last row
    sums.index_add_(0, index, states.flatten(0, 1).float())  # [W, T, H] -> [W * T, H]
    counts.index_add_(0, index, counts.new_ones(len(index), 1))

"""Windows one behind the other, without padding, for devices whose attention knows where each one begins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from copydesk.model.network.windows import N_SPECIAL_TOKENS, SpecialTokens, TokenizedStory


@dataclass(frozen=True)
class Pack:
    """Windows of one or many stories in a row, with their special tokens.

    token_ids, positions: int64 [tokens], a position counted from its window's start; starts: int32 [windows + 1],
    where each window begins, and the end of the last; run_lengths: int64 [runs], tokens in a row that belong to one
    sentence; run_sentences: int64 [runs], that sentence's index among all of the stories, and the number of them all
    for special tokens.
    """

    token_ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    starts: NDArray[np.int32]
    run_lengths: NDArray[np.int64]
    run_sentences: NDArray[np.int64]

    @property
    def longest(self) -> int:
        """Tokens of the longest window."""
        return int(np.diff(self.starts).max())


def pack_stories(stories: Sequence[TokenizedStory], special: SpecialTokens, budget: int) -> list[Pack]:
    """All windows of the stories in their order, in packs of at most `budget` tokens, or of one window."""
    lengths = np.array([w.end - w.start for story in stories for w in story.windows], np.int64)
    if not len(lengths):
        return []
    first_sentence = [0, *accumulate(story.n_sentences for story in stories)]
    token_ids = np.concatenate([story.token_ids for story in stories])
    sentence_of = np.concatenate([s.sentence_of + first for s, first in zip(stories, first_sentence, strict=False)])
    ends = np.cumsum(lengths)
    return [
        _pack(token_ids[start:end], sentence_of[start:end], lengths[first:last], special, first_sentence[-1])
        for first, last in _cut(lengths + N_SPECIAL_TOKENS, budget)
        for start, end in [(ends[first] - lengths[first], ends[last - 1])]
    ]


def _cut(lengths: NDArray[np.int64], budget: int) -> Iterator[tuple[int, int]]:
    """Ranges of windows that hold at most `budget` tokens, or one window."""
    first = n_tokens = 0
    for i, length in enumerate(lengths.tolist()):
        if i > first and n_tokens + length > budget:
            yield first, i
            first, n_tokens = i, 0
        n_tokens += length
    yield first, len(lengths)


def _pack(
    token_ids: NDArray[np.int32],
    sentence_of: NDArray[np.int32],
    lengths: NDArray[np.int64],
    special: SpecialTokens,
    n_sentences: int,
) -> Pack:
    """The pack of windows of these lengths, which together hold all these tokens."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths + N_SPECIAL_TOKENS, out=starts[1:])
    n_tokens = int(starts[-1])
    places = np.arange(len(token_ids)) + 2 * np.repeat(np.arange(len(lengths)), lengths) + 1
    ids, sentences = np.empty(n_tokens, np.int64), np.full(n_tokens, n_sentences, np.int64)
    ids[starts[:-1]], ids[starts[1:] - 1] = special.first, special.last
    ids[places], sentences[places] = token_ids, sentence_of
    runs = np.flatnonzero(np.diff(sentences, prepend=-1))
    return Pack(
        token_ids=ids,
        positions=np.arange(n_tokens) - np.repeat(starts[:-1], lengths + N_SPECIAL_TOKENS),
        starts=starts.astype(np.int32),
        run_lengths=np.diff(runs, append=n_tokens),
        run_sentences=sentences[runs],
    )

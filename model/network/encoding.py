"""A document on its way through the encoder: its windows may be spread over several passes."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from copydesk.model.network.pooling import SentenceSums
from copydesk.model.network.windows import TokenizedStory, cut_story
from copydesk.model.network.workers import one_core


@dataclass(frozen=True)
class WindowSlice:
    """Consecutive windows of one story for one pass; `first_sentence` is where its sentences stand in the document."""

    first_sentence: int
    tokens: TokenizedStory


@dataclass
class _Rest:
    """What is left of a story: its windows from `at` on."""

    story: TokenizedStory
    first_sentence: int
    at: int = 0


class Encoding:
    """The windows of a document's stories that are left, and the sums of token states so far. For one thread.

    n_tokens_left: tokens of windows that no pass has taken yet.
    """

    def __init__(self, stories: Sequence[TokenizedStory]) -> None:
        self.stories = tuple(stories)
        self.n_tokens_left = sum(story.n_tokens for story in stories)
        self._rests: deque[_Rest] = deque()
        self._encoded: list[tuple[int, SentenceSums]] = []  # where the sentences stand, and their sums
        self._n_under_way = 0  # slices that were taken and not added yet
        self._n_sentences = 0
        for story in stories:
            if story.windows:
                self._rests.append(_Rest(story, self._n_sentences))
            self._n_sentences += story.n_sentences

    @property
    def is_begun(self) -> bool:
        """Some of its windows have passed the encoder."""
        return bool(self._encoded)

    @property
    def is_complete(self) -> bool:
        """All its windows have passed the encoder."""
        return not self.n_tokens_left and not self._n_under_way

    def take(self, max_tokens: int) -> list[WindowSlice]:
        """The next windows, as many as `max_tokens` holds; at least one while any is left."""
        taken: list[WindowSlice] = []
        while self._rests:
            rest = self._rests[0]
            end = _count_fitting(rest, max_tokens)
            if end == rest.at and taken:
                break
            following = self._cut(rest, max(end, rest.at + 1))
            max_tokens -= following.tokens.n_tokens
            taken.append(following)
        self._n_under_way += len(taken)
        return taken

    def add(self, slices: Sequence[WindowSlice], sums: SentenceSums) -> None:
        """Add what a pass gave for these slices: the sums of their sentences, one slice after the other."""
        of_slices = sums.split([piece.tokens.n_sentences for piece in slices])
        self._encoded += zip((piece.first_sentence for piece in slices), of_slices, strict=True)
        self._n_under_way -= len(slices)

    @torch.inference_mode()
    @one_core()
    def sums(self) -> SentenceSums:
        """The sums of all its sentences; one that is cut by windows has got the sum of its parts."""
        (_, some), *others = self._encoded
        if not others and len(some.sums) == self._n_sentences:
            return some  # most texts pass in one piece
        sums = some.sums.new_zeros(self._n_sentences, some.sums.shape[1])
        counts = some.counts.new_zeros(self._n_sentences, 1)
        for first, encoded in self._encoded:
            sums[first : first + len(encoded.sums)] += encoded.sums
            counts[first : first + len(encoded.sums)] += encoded.counts
        return SentenceSums(sums, counts)

    def _cut(self, rest: _Rest, end: int) -> WindowSlice:
        """The windows of `rest` before `end`, which are now taken."""
        start = rest.story.windows[rest.at].start
        tokens = cut_story(rest.story, rest.at, end)
        first_sentence = rest.first_sentence + int(rest.story.sentence_of[start])
        self.n_tokens_left -= tokens.n_tokens
        rest.at = end
        if end == len(rest.story.windows):
            self._rests.popleft()
        return WindowSlice(first_sentence, tokens)


def _count_fitting(rest: _Rest, max_tokens: int) -> int:
    """The window after the last one that fits."""
    windows = rest.story.windows
    end = rest.at
    while end < len(windows) and windows[end].end - windows[rest.at].start <= max_tokens:
        end += 1
    return end

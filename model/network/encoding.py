"""A document on its way through the encoder: its windows may be spread over several passes."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from copydesk.model.network.windows import TokenizedStory, cut_story


@dataclass(frozen=True)
class Part:
    """Consecutive windows of one story for one pass; `first_sentence` is where its sentences stand in the document."""

    encoding: "Encoding"
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
        self.n_tokens_left = sum(len(story.token_ids) for story in stories)
        self._rests: deque[_Rest] = deque()
        self._sums: list[tuple[int, Tensor, Tensor]] = []
        self._n_under_way = 0  # parts that were taken and not added yet
        first_sentence = 0
        for story in stories:
            if story.windows:
                self._rests.append(_Rest(story, first_sentence))
            first_sentence += story.n_sentences
        self._n_sentences = first_sentence

    @property
    def is_begun(self) -> bool:
        """Some of its windows have passed the encoder."""
        return bool(self._sums)

    @property
    def is_complete(self) -> bool:
        """All its windows have passed the encoder."""
        return not self.n_tokens_left and not self._n_under_way

    def take(self, max_tokens: float) -> list[Part]:
        """The next windows, as many as `max_tokens` holds; at least one while any is left."""
        parts: list[Part] = []
        while self._rests:
            rest = self._rests[0]
            end = _count_fitting(rest, max_tokens)
            if end == rest.at and parts:
                break
            part = self._cut(rest, max(end, rest.at + 1))
            max_tokens -= len(part.tokens.token_ids)
            parts.append(part)
        self._n_under_way += len(parts)
        return parts

    def add(self, first_sentence: int, sums: Tensor, counts: Tensor) -> None:
        """Add the token states of a part: float32 [its sentences, width] and [its sentences, 1]."""
        self._sums.append((first_sentence, sums, counts))
        self._n_under_way -= 1

    def vectors(self) -> Tensor:
        """Sentence vectors, float32 [sentences, width]: the mean of each sentence's token states."""
        _, some_sums, some_counts = self._sums[0]
        sums = some_sums.new_zeros(self._n_sentences, some_sums.shape[1])
        counts = some_counts.new_zeros(self._n_sentences, 1)
        for first, part_sums, part_counts in self._sums:
            sums[first : first + len(part_sums)] += part_sums
            counts[first : first + len(part_sums)] += part_counts
        return sums / counts.clamp(min=1)

    def _cut(self, rest: _Rest, end: int) -> Part:
        """The windows of `rest` before `end`, which are now taken."""
        start = rest.story.windows[rest.at].start
        tokens = cut_story(rest.story, rest.at, end)
        first_sentence = rest.first_sentence + int(rest.story.sentence_of[start])
        self.n_tokens_left -= len(tokens.token_ids)
        rest.at = end
        if end == len(rest.story.windows):
            self._rests.popleft()
        return Part(self, first_sentence, tokens)


def _count_fitting(rest: _Rest, max_tokens: float) -> int:
    """The window after the last one that fits."""
    windows = rest.story.windows
    end = rest.at
    while end < len(windows) and windows[end].end - windows[rest.at].start <= max_tokens:
        end += 1
    return end

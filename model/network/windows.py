"""From sentences to token windows: whole sentences packed until a window is full; only a longer one is cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

N_SPECIAL_TOKENS = 2  # one before, one after: [CLS] ... [SEP], <s> ... </s>
_BATCH = 1_000  # sentences tokenised at once: to let go of 60,000 encodings at once would halt all threads for 50 ms


class Window(NamedTuple):
    """A half-open range of a story's tokens."""

    start: int
    end: int


@dataclass(frozen=True)
class TokenizedStory:
    """A story's tokens, sentence after sentence, without special tokens.

    token_ids: int32 [tokens]; sentence_of: int32 [tokens], the sentence each token belongs to; a title, where there
    is one, is sentence 0; begins_line: bool [sentences], the sentence stands first on its line.
    """

    token_ids: NDArray[np.int32]
    sentence_of: NDArray[np.int32]
    windows: tuple[Window, ...]
    begins_line: NDArray[np.bool_]
    has_title: bool

    @property
    def n_sentences(self) -> int:
        """Its sentences, the title counted."""
        return len(self.begins_line)

    @property
    def n_tokens(self) -> int:
        """Its tokens."""
        return len(self.token_ids)


def tokenize_story(
    title: str | None, sentences: Sequence[str], begins_line: Sequence[bool], tokenizer: Tokenizer, max_tokens: int
) -> TokenizedStory:
    """A story's tokens, in windows of at most `max_tokens`; for training and for serving, so that both read alike.

    begins_line: whether each sentence stands first on its line.
    """
    passages = [title, *sentences] if title else list(sentences)
    batches = (passages[start : start + _BATCH] for start in range(0, len(passages), _BATCH))
    encodings = (tokenizer.encode_batch_fast(batch, add_special_tokens=False) for batch in batches)
    sentence_ids = [encoding.ids for batch in encodings for encoding in batch]
    lines = [True, *begins_line] if title else begins_line
    return pack_story(sentence_ids, max_tokens, has_title=bool(title), begins_line=lines)


def pack_story(
    sentence_ids: Sequence[Sequence[int]],
    max_tokens: int,
    *,
    has_title: bool = False,
    begins_line: Sequence[bool] | None = None,
) -> TokenizedStory:
    """The story whose sentences have these token ids, in windows of at most `max_tokens`, special tokens included.

    begins_line: as `TokenizedStory` has it; none: nothing is known of the lines.
    """
    lengths = [len(ids) for ids in sentence_ids]
    return TokenizedStory(
        token_ids=np.fromiter(chain.from_iterable(sentence_ids), np.int32, sum(lengths)),
        sentence_of=np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
        windows=tuple(pack_windows(lengths, max_tokens - N_SPECIAL_TOKENS)),
        begins_line=np.array(begins_line or [False] * len(lengths), np.bool_),
        has_title=has_title,
    )


def pack_windows(lengths: Iterable[int], capacity: int) -> list[Window]:
    """Consecutive windows of at most `capacity` tokens over sentences of these lengths; together they cover all."""
    windows: list[Window] = []
    start = end = 0
    for length in lengths:
        if end - start + length > capacity and end > start:
            windows.append(Window(start, end))
            start = end
        end += length
        while end - start > capacity:
            windows.append(Window(start, start + capacity))
            start += capacity
    if end > start:
        windows.append(Window(start, end))
    return windows


def cut_story(story: TokenizedStory, first: int, end: int) -> TokenizedStory:
    """The story's windows from `first` to before `end` as a story of their own, its sentences counted from 0."""
    start, stop = story.windows[first].start, story.windows[end - 1].end
    first_sentence, last_sentence = story.sentence_of[start], story.sentence_of[stop - 1]
    return TokenizedStory(
        token_ids=story.token_ids[start:stop],
        sentence_of=story.sentence_of[start:stop] - first_sentence,
        windows=tuple(Window(w.start - start, w.end - start) for w in story.windows[first:end]),
        begins_line=story.begins_line[first_sentence : last_sentence + 1],
        has_title=False,
    )


@dataclass(frozen=True)
class WindowBatch:
    """Windows of one or many stories as one rectangle.

    token_ids: int64 [windows, width]; mask: bool [windows, width], False on padding; sentence_of: int64
    [windows, width], a sentence's index among all sentences of the stories, -1 on special tokens and padding.
    """

    token_ids: NDArray[np.int64]
    mask: NDArray[np.bool_]
    sentence_of: NDArray[np.int64]


@dataclass(frozen=True)
class SpecialTokens:
    """Ids of the tokens around a window and of padding."""

    first: int
    last: int
    padding: int


def batch_windows(
    stories: Sequence[TokenizedStory], special: SpecialTokens, *, budget: int, width_step: int = 16
) -> list[WindowBatch]:
    """All windows of the stories in rectangles of at most `budget` tokens each, padding included.

    Windows are sorted, the longest first so that no worker is left with them at the end, and widths rounded up to a
    multiple of `width_step`: kernels are built anew for every new shape, and a few dozen shapes keep the machine at
    its full rate (padding: 4 % of the tokens of news articles; with a step of 32 it is 7 %).
    """
    first_sentence = [0, *accumulate(story.n_sentences for story in stories)]
    rows = [(_width(window, width_step), i, window) for i, story in enumerate(stories) for window in story.windows]
    rows.sort(key=lambda row: row[0], reverse=True)
    batches = []
    for width, same_width in groupby(rows, key=lambda row: row[0]):
        group = list(same_width)
        n_rows = max(1, budget // width)
        for at in range(0, len(group), n_rows):
            chosen = [(stories[i], first_sentence[i], window) for _, i, window in group[at : at + n_rows]]
            batches.append(_fill(chosen, width, special))
    return batches


def _width(window: Window, step: int) -> int:
    return -(-(window.end - window.start + N_SPECIAL_TOKENS) // step) * step


def _fill(rows: list[tuple[TokenizedStory, int, Window]], width: int, special: SpecialTokens) -> WindowBatch:
    token_ids = np.full((len(rows), width), special.padding, np.int64)
    mask = np.zeros((len(rows), width), np.bool_)
    sentence_of = np.full((len(rows), width), -1, np.int64)
    for row, (story, first_sentence, (start, end)) in enumerate(rows):
        last = end - start + 1
        token_ids[row, 0], token_ids[row, last] = special.first, special.last
        token_ids[row, 1:last] = story.token_ids[start:end]
        sentence_of[row, 1:last] = story.sentence_of[start:end] + first_sentence
        mask[row, : last + 1] = True
    return WindowBatch(token_ids, mask, sentence_of)

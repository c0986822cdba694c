"""Texts as training examples, what is known of them as targets, and batches of both."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from copydesk.model.analysis import Span
from copydesk.model.network.heads import SentenceLayout, layout_of
from copydesk.model.network.sizes import SentenceScore
from copydesk.model.network.windows import (
    SpecialTokens,
    TokenizedStory,
    Window,
    WindowBatch,
    batch_windows,
    tokenize_story,
)
from copydesk.model.page.sentences import begin_lines, split_sentences
from copydesk.training.data.editors import EditedStory
from copydesk.training.data.stories import LabelledStory
from copydesk.training.metrics.credit import EditorsChoice

UNKNOWN = -1.0  # a target that is masked
_ALSO = 0.5  # target of a sentence that is nearly as good as an editor's key
_JUDGED = (SentenceScore.SALIENCE, SentenceScore.FURNITURE, SentenceScore.DANGLING)  # by editors

Targets = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One text and what is known of it.

    labels: float32 [labels], in [0, 1] or UNKNOWN; sentences: float32 [sentences, SentenceScore], likewise; vectors:
    float32 [sentences, width] where the encoder is frozen and they were computed once; taught: float16, likewise,
    those that a teacher has for the sentences, if there is one.
    """

    tokens: TokenizedStory
    labels: Targets
    sentences: Targets
    vectors: Tensor | None = None
    taught: NDArray[np.float16] | None = None

    @property
    def has_key(self) -> bool:
        """It is known which of its sentences are to be printed."""
        return bool((self.sentences[:, SentenceScore.SALIENCE] == 1.0).any())


@dataclass(frozen=True)
class ExampleBatch:
    """What one training step reads: windows or sentence vectors, layout, and targets laid end to end."""

    inputs: list[WindowBatch] | Tensor
    layout: SentenceLayout
    labels: Tensor
    sentences: Tensor
    n_sentences: list[int]
    taught: Tensor | None


class ExampleMaker:
    """Makes examples for a network of these labels, each of at most so many windows of a text."""

    def __init__(self, labels: Sequence[str], tokenizer: Tokenizer, *, max_tokens: int, max_windows: int) -> None:
        """max_tokens: of a window, special tokens included."""
        self._labels, self._tokenizer = tuple(labels), tokenizer
        self._max_tokens, self._max_windows = max_tokens, max_windows

    def story(self, story: LabelledStory, *, is_bare: bool = False) -> Example:
        """A labelled story, its title as sentence 0; labels it is unsure of are masked.

        is_bare: as many people send it, without its title and with nothing known of its lines.
        """
        spans = split_sentences(story.text)
        tokens = self._tokens(story.text, story.title, spans, is_bare=is_bare)
        return Example(tokens, self._targets(story.labels, story.unsure), unknown_sentences(tokens))

    def edited(self, story: EditedStory, *, is_bare: bool = False) -> Example:
        """An article with what editors say of its sentences, as the mean over them, and its labels if they give any."""
        tokens = self._tokens(story.text, story.title, story.spans, is_bare=is_bare)
        judged = np.mean([_judge(choice, len(story.spans)) for choice in story.choices], axis=0)
        sentences = unknown_sentences(tokens)
        first = int(tokens.has_title)
        sentences[first:, _JUDGED] = judged[: tokens.n_sentences - first]
        unsure = self._labels if story.labels is None else story.unsure
        return Example(tokens, self._targets(story.labels or (), unsure), sentences)

    def article(self, sentences: Sequence[str], oracle: Iterable[int], *, is_key: bool) -> Example:
        """An article whose best extract is known; nothing is known of its labels.

        is_key: what no editor says, the extract stands for: its sentences are those to print.
        """
        lines = [False] * len(sentences)  # a line a sentence, or all on one: as the collection has it
        tokens = self._cut(tokenize_story(None, sentences, lines, self._tokenizer, self._max_tokens))
        chosen = np.zeros(tokens.n_sentences, np.float32)
        chosen[[i for i in oracle if i < tokens.n_sentences]] = 1.0
        targets = unknown_sentences(tokens)
        targets[:, SentenceScore.ORACLE] = chosen
        if is_key:
            targets[:, SentenceScore.SALIENCE] = chosen
        return Example(tokens, self._targets((), self._labels), targets)

    def _tokens(self, text: str, title: str | None, spans: Sequence[Span], *, is_bare: bool) -> TokenizedStory:
        sentences = [text[span.start : span.end] for span in spans]
        lines = [False] * len(spans) if is_bare else begin_lines(text, spans)
        title = None if is_bare else title
        return self._cut(tokenize_story(title, sentences, lines, self._tokenizer, self._max_tokens))

    def _cut(self, story: TokenizedStory) -> TokenizedStory:
        """The story up to the end of its last window that is read."""
        if len(story.windows) <= self._max_windows:
            return story
        windows: tuple[Window, ...] = story.windows[: self._max_windows]
        end = windows[-1].end
        n_sentences = int(story.sentence_of[end - 1]) + 1
        return TokenizedStory(
            story.token_ids[:end], story.sentence_of[:end], windows, story.begins_line[:n_sentences], story.has_title
        )

    def _targets(self, labels: Collection[str], unsure: Collection[str]) -> Targets:
        return np.array([UNKNOWN if label in unsure else float(label in labels) for label in self._labels], np.float32)


def unknown_sentences(story: TokenizedStory) -> Targets:
    """Targets of its sentences of which nothing is known, float32 [sentences, SentenceScore]."""
    return np.full((story.n_sentences, len(SentenceScore)), UNKNOWN, np.float32)


def collate(examples: Sequence[Example], special: SpecialTokens, budget: int) -> dict[str, ExampleBatch]:
    """A batch for the Trainer, windows in rectangles of at most `budget` tokens."""
    stories = [example.tokens for example in examples]
    vectors = [example.vectors for example in examples if example.vectors is not None]
    taught = [example.taught for example in examples if example.taught is not None]
    return {
        "batch": ExampleBatch(
            inputs=torch.cat(vectors) if vectors else batch_windows(stories, special, budget=budget),
            layout=layout_of(stories),
            labels=torch.from_numpy(np.stack([example.labels for example in examples])),
            sentences=torch.from_numpy(np.concatenate([example.sentences for example in examples])),
            n_sentences=[story.n_sentences for story in stories],
            taught=torch.from_numpy(np.concatenate(taught)) if taught else None,
        )
    }


def _judge(choice: EditorsChoice, n_sentences: int) -> Targets:
    """One editor's view, float32 [sentences, 3]: salience, furniture, dangling."""
    judged = np.zeros((n_sentences, len(_JUDGED)), np.float32)
    judged[list(choice.also), SentenceScore.SALIENCE] = _ALSO
    judged[list(choice.key), SentenceScore.SALIENCE] = 1.0
    judged[list(choice.furniture), SentenceScore.FURNITURE] = 1.0
    judged[list(choice.dangling), SentenceScore.DANGLING] = 1.0
    return judged

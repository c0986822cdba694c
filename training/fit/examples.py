"""Stories and articles as training examples: tokens and targets, and batches of them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from copydesk.model.files.json import JsonObject
from copydesk.model.network.heads import SentenceLayout, layout_of
from copydesk.model.network.windows import (
    SpecialTokens,
    TokenizedStory,
    Window,
    WindowBatch,
    batch_windows,
    tokenize_story,
)
from copydesk.model.page.sentences import split_sentences
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.articles import load_articles
from copydesk.training.data.stories import LabelledStory
from copydesk.training.metrics.oracle import choose_oracle

UNKNOWN = -1.0  # a target that is masked
_MAPPED_AT_ONCE = 2000  # articles; progress is told no finer
BATCH_TOKENS = 2048  # of one forward pass; activations of larger ones leave the cache


@dataclass(frozen=True)
class Example:
    """One text and what is known of it.

    labels: float32 [labels], 1, 0 or UNKNOWN; salience: float32 [sentences], in [0, 1] or UNKNOWN; vectors: float32
    [sentences, width] where the encoder is frozen and they were computed once.
    """

    tokens: TokenizedStory
    labels: NDArray[np.float32]
    salience: NDArray[np.float32]
    vectors: Tensor | None = None

    @property
    def has_extract(self) -> bool:
        """Its best extract is known."""
        return bool((self.salience != UNKNOWN).any())


@dataclass(frozen=True)
class ExampleBatch:
    """What one training step reads: windows or sentence vectors, layout, and targets laid end to end."""

    inputs: list[WindowBatch] | Tensor
    layout: SentenceLayout
    labels: Tensor
    salience: Tensor
    n_sentences: list[int]


def story_example(
    story: LabelledStory, labels: Sequence[str], tokenizer: Tokenizer, *, max_tokens: int, max_windows: int
) -> Example:
    """A labelled story, its title as sentence 0; labels it is unsure of are masked."""
    sentences = [story.text[s.start : s.end] for s in split_sentences(story.text)]
    tokens = _first_windows(tokenize_story(story.title, sentences, tokenizer, max_tokens), max_windows)
    target = [UNKNOWN if label in story.unsure else float(label in story.labels) for label in labels]
    return Example(tokens, np.array(target, np.float32), np.full(tokens.n_sentences, UNKNOWN, np.float32))


def article_example(
    sentences: Sequence[str],
    oracle: Sequence[int],
    n_labels: int,
    tokenizer: Tokenizer,
    *,
    max_tokens: int,
    max_windows: int,
) -> Example:
    """An article whose best extract is known; nothing is known of its labels."""
    tokens = _first_windows(tokenize_story(None, sentences, tokenizer, max_tokens), max_windows)
    salience = np.zeros(tokens.n_sentences, np.float32)
    salience[[i for i in oracle if i < tokens.n_sentences]] = 1.0
    return Example(tokens, np.full(n_labels, UNKNOWN, np.float32), salience)


def label_article(article: str, highlights: str) -> JsonObject:
    """The article's sentences and its oracle extract: a row for `datasets` to cache."""
    sentences = [article[s.start : s.end] for s in split_sentences(article)]
    return {"sentences": sentences, "oracle": choose_oracle(sentences, highlights)}


def article_examples(
    config: TrainingConfig, n_labels: int, tokenizer: Tokenizer, progress: Progress = SILENT
) -> Iterator[Example]:
    """The configuration's articles, drawn by its seed, each with the sentences that sum it up best."""
    section = config.summaries
    if section.source is None or section.limit == 0:
        return
    data = load_articles(section)
    data = data.shuffle(seed=config.seed).select(range(min(section.limit, len(data))))
    sizes = {"max_tokens": config.encoder.max_tokens, "max_windows": section.max_windows}
    for row in progress.track(_label_articles(data), len(data), "oracle summaries", "articles"):
        if row["sentences"]:
            yield article_example(row["sentences"], row["oracle"], n_labels, tokenizer, **sizes)


def _label_articles(data: Any) -> Iterator[JsonObject]:  # Any: datasets has no types
    """What `label_article` says of each article, in parallel; the cache keeps it for the next run."""
    for start in range(0, len(data), _MAPPED_AT_ONCE):
        part = data.select(range(start, min(start + _MAPPED_AT_ONCE, len(data))))
        yield from part.map(
            label_article,
            input_columns=["article", "highlights"],
            remove_columns=data.column_names,
            num_proc=os.cpu_count(),
        )


def collate(examples: Sequence[Example], special: SpecialTokens, budget: int) -> dict[str, ExampleBatch]:
    """A batch for the Trainer, windows in rectangles of at most `budget` tokens."""
    stories = [example.tokens for example in examples]
    vectors = [example.vectors for example in examples if example.vectors is not None]
    return {
        "batch": ExampleBatch(
            inputs=torch.cat(vectors) if vectors else batch_windows(stories, special, budget=budget),
            layout=layout_of(stories),
            labels=torch.from_numpy(np.stack([example.labels for example in examples])),
            salience=torch.from_numpy(np.concatenate([example.salience for example in examples])),
            n_sentences=[story.n_sentences for story in stories],
        )
    }


def _first_windows(story: TokenizedStory, n_windows: int) -> TokenizedStory:
    """The story up to the end of its n-th window."""
    if len(story.windows) <= n_windows:
        return story
    windows: tuple[Window, ...] = story.windows[:n_windows]
    end = windows[-1].end
    return TokenizedStory(
        story.token_ids[:end], story.sentence_of[:end], windows, int(story.sentence_of[end - 1]) + 1, story.has_title
    )

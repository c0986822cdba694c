"""What a run reads: every text of its configuration as an example, and how often each is seen."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from tokenizers import Tokenizer

from copydesk.model.files.json import JsonObject
from copydesk.model.network.sizes import SentenceScore
from copydesk.model.page.sentences import split_sentences
from copydesk.training.config import TrainingConfig
from copydesk.training.console import Progress
from copydesk.training.data.articles import load_articles
from copydesk.training.data.editors import EditedStory, read_editors
from copydesk.training.data.stories import LabelledStory
from copydesk.training.fit.examples import UNKNOWN, Example, ExampleMaker, Targets
from copydesk.training.metrics.oracle import choose_oracle

_MAPPED_AT_ONCE = 2000  # articles; progress is told no finer
_BARE = 0.25  # share of the texts that are read without title and lines, as many people send them

Text = TypeVar("Text")


@dataclass(frozen=True)
class Texts:
    """The texts that a run learns from beside articles with summaries: labelled, and read by editors."""

    stories: list[LabelledStory]
    edited: list[EditedStory]


def read_texts(config: TrainingConfig, stories: list[LabelledStory]) -> Texts:
    """The configuration's texts; `stories` are the labelled ones. Raises DataError naming file and line."""
    return Texts(stories, [story for path in config.editors.files for story in read_editors(path)])


class Examples:
    """Makes a run's examples, by the configuration's sizes and seed."""

    def __init__(self, config: TrainingConfig, labels: Sequence[str], tokenizer: Tokenizer) -> None:
        self._config, self._labels, self._tokenizer = config, labels, tokenizer

    def articles(self, progress: Progress, *, is_key: bool) -> list[Example]:
        """The configuration's articles, drawn by its seed, each with the sentences that sum it up best."""
        section = self._config.summaries
        if section.source is None or section.limit == 0:
            return []
        maker = self._maker(section.max_windows)
        data = load_articles(section)
        data = data.shuffle(seed=self._config.seed).select(range(min(section.limit, len(data))))
        rows = progress.track(_label_articles(data), len(data), "oracle summaries", "articles")
        return [maker.article(row["sentences"], row["oracle"], is_key=is_key) for row in rows if row["sentences"]]

    def stories(self, stories: Sequence[LabelledStory]) -> list[Example]:
        """The labelled stories, each as often as its configuration says, in an order drawn anew for each pass."""
        section = self._config.tags
        maker = self._maker(section.max_windows)
        return self._repeat(stories, section.passes, lambda story, bare: maker.story(story, is_bare=bare))

    def edited(self, stories: Sequence[EditedStory]) -> list[Example]:
        """The articles that editors have read, likewise."""
        section = self._config.editors
        maker = self._maker(section.max_windows)
        return self._repeat(stories, section.passes, lambda story, bare: maker.edited(story, is_bare=bare))

    def texts(self, texts: Sequence[LabelledStory]) -> list[Example]:
        """Texts of which nothing is known, likewise."""
        section = self._config.texts
        maker = self._maker(section.max_windows)
        return self._repeat(texts, section.passes, lambda text, bare: maker.story(text, is_bare=bare))

    def plain(self, stories: Sequence[LabelledStory]) -> list[Example]:
        """Each story once, as serving reads its first windows."""
        maker = self._maker(self._config.tags.max_windows)
        return [maker.story(story) for story in stories]

    def _maker(self, max_windows: int) -> ExampleMaker:
        size = self._config.encoder.max_tokens
        assert size is not None, "settled"
        return ExampleMaker(self._labels, self._tokenizer, max_tokens=size, max_windows=max_windows)

    def _repeat(self, texts: Sequence[Text], passes: float, make: Callable[[Text, bool], Example]) -> list[Example]:
        draw = np.random.default_rng(self._config.seed)
        order = [i for _ in range(int(np.ceil(passes))) for i in draw.permutation(len(texts)).tolist()]
        is_bare = (draw.random(len(order)) < _BARE).tolist()
        seen = list(zip(order, is_bare, strict=True))[: round(passes * len(texts))]
        made = {(i, bare): make(texts[i], bare) for i, bare in set(seen)}
        return [made[key] for key in seen]


def without_key(articles: Sequence[Example]) -> list[Example]:
    """The articles where editors, or a base, say what is to be printed: their extracts no longer do."""
    return [replace(article, sentences=_forget_key(article)) for article in articles]


def label_article(article: str, highlights: str) -> JsonObject:
    """The article's sentences and its oracle extract: a row for `datasets` to cache."""
    sentences = [article[s.start : s.end] for s in split_sentences(article)]
    return {"sentences": sentences, "oracle": choose_oracle(sentences, highlights)}


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


def _forget_key(article: Example) -> Targets:
    sentences = article.sentences.copy()
    sentences[:, SentenceScore.SALIENCE] = UNKNOWN
    return sentences

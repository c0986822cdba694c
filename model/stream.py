"""A stream of documents through an analyzer: preparing, the forward pass and finishing overlap.

Windows of many documents share a forward pass, so that its rectangles are full. Which documents share one depends on
the stream alone: the same stream gives the same answers to the last bit, and so does its rest from any multiple of
`group` on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import torch

from model.analysis import Document, Failure, Options, Result
from model.errors import DocumentError
from model.prefetch import prefetch

if TYPE_CHECKING:
    from model.analyzer import Analyzer, Prepared, StoryScores

    ItemT = TypeVar("ItemT", Prepared, Prepared | Failure)

logger = logging.getLogger(__name__)

GROUP = 1000  # documents; no forward pass holds documents of two groups
_CHUNK_BATCHES = 16  # device batches of one forward pass: the last, half empty one of each width hardly counts
_MIN_BATCH_TOKENS = 512  # below it, more memory is missing than smaller batches can save
_AHEAD = 2  # chunks that wait before the forward pass, and as many behind it


def analyze_stream(
    analyzer: Analyzer, documents: Iterable[Document | Failure], options: Options, group: int = GROUP
) -> Iterator[Result]:
    """One result per document, in order; a Failure in place of a document is handed through.

    Holds a few chunks of 16 device batches each, however long the stream.
    """
    items = (_prepare(analyzer, document, options) for document in documents)
    chunks = prefetch(cut_chunks(items, _CHUNK_BATCHES * analyzer.device.full_tokens, group), _AHEAD)
    for chunk, scores in prefetch(((chunk, _score(analyzer, chunk)) for chunk in chunks), _AHEAD):
        yield from _finish(analyzer, chunk, scores, options)


def _prepare(analyzer: Analyzer, document: Document | Failure, options: Options) -> Prepared | Failure:
    if isinstance(document, Failure):
        return document
    try:
        return analyzer.prepare(document, options)
    except DocumentError as error:
        return Failure(document.id, error.code, error.message)


def cut_chunks(items: Iterable[ItemT], max_tokens: int, group: int) -> Iterator[list[ItemT]]:
    """The items in lists that end when they hold `max_tokens`, and after every `group` items."""
    chunk: list[ItemT] = []
    n_tokens = 0
    for i, item in enumerate(items, 1):
        chunk.append(item)
        n_tokens += 0 if isinstance(item, Failure) else item.n_tokens
        if n_tokens >= max_tokens or i % group == 0:
            yield chunk
            chunk, n_tokens = [], 0
    if chunk:
        yield chunk


def _score(analyzer: Analyzer, chunk: Sequence[Prepared | Failure]) -> list[list[StoryScores]]:
    """The scores of the chunk's documents; a device that runs out of memory gets smaller batches from then on."""
    prepared = [item for item in chunk if not isinstance(item, Failure)]
    tokens = analyzer.device.batch_tokens
    try:
        parts = cut_chunks(prepared, _CHUNK_BATCHES * analyzer.device.full_tokens, GROUP)
        return [scores for part in parts for scores in analyzer.forward(part)]
    except torch.OutOfMemoryError:
        if tokens <= _MIN_BATCH_TOKENS:
            raise
    logger.warning("%s is out of memory: batches of %d tokens from now on", analyzer.device, tokens // 2)
    analyzer.device = replace(analyzer.device, batch_tokens=tokens // 2)
    torch.cuda.empty_cache()
    return _score(analyzer, chunk)


def _finish(
    analyzer: Analyzer, chunk: Sequence[Prepared | Failure], scores: Sequence[list[StoryScores]], options: Options
) -> Iterator[Result]:
    rest = iter(scores)
    for item in chunk:
        if isinstance(item, Failure):
            yield item
            continue
        try:
            yield analyzer.finish(item, next(rest), options)
        except DocumentError as error:
            yield Failure(item.document.id, error.code, error.message)

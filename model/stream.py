"""A stream of documents through an analyzer: preparing, the forward pass and finishing overlap.

Windows of many documents share a forward pass, so that its rectangles are full. Which documents share one depends on
the stream alone: the same stream gives the same answers to the last bit, and so does its rest from any multiple of
`group` on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import torch

from copydesk.model.analysis import Document, Failure, Options, Result
from copydesk.model.errors import DocumentError
from copydesk.model.prefetch import prefetch

if TYPE_CHECKING:
    from copydesk.model.analyzer import Analyzer, Prepared, StoryScores

    ItemT = TypeVar("ItemT", Prepared, Prepared | Failure)
    Chunk = list[Prepared | Failure]
    Scores = list[list[StoryScores]]  # per document, per story

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
    for chunk, scores in prefetch(_score_all(analyzer, chunks), _AHEAD):
        yield from _finish(analyzer, chunk, scores, options)


def _prepare(analyzer: Analyzer, document: Document | Failure, options: Options) -> Prepared | Failure:
    if isinstance(document, Failure):
        return document
    try:
        return analyzer.prepare(document, options)
    except DocumentError as error:
        return Failure(document.id, error.code, error.message)


def _score_all(analyzer: Analyzer, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Scores]]:
    """Each chunk with its documents' scores; it ends when the next one has begun, so that the device never waits."""
    running: tuple[Chunk, Callable[[], Scores]] | None = None
    for chunk in chunks:
        prepared = [item for item in chunk if not isinstance(item, Failure)]
        following = chunk, _begin(analyzer, prepared)
        if running:
            yield running[0], running[1]()
        running = following
    if running:
        yield running[0], running[1]()


def _begin(analyzer: Analyzer, prepared: Sequence[Prepared]) -> Callable[[], Scores]:
    """Begin the forward pass of these documents; the function that it returns ends it and gives their scores."""
    end_forward = analyzer.begin_forward(prepared)

    def end() -> Scores:
        try:
            return end_forward()
        except torch.OutOfMemoryError:
            return _score_in_parts(analyzer, prepared)

    return end


def _score_in_parts(analyzer: Analyzer, prepared: Sequence[Prepared]) -> Scores:
    """The scores of documents that were too much for the device; it gets smaller batches from now on."""
    while (tokens := analyzer.device.batch_tokens // 2) >= _MIN_BATCH_TOKENS:
        logger.warning("%s is out of memory: batches of %d tokens from now on", analyzer.device, tokens)
        analyzer.device = replace(analyzer.device, batch_tokens=tokens)
        torch.cuda.empty_cache()
        parts = cut_chunks(prepared, _CHUNK_BATCHES * analyzer.device.full_tokens, GROUP)
        with suppress(torch.OutOfMemoryError):
            return [scores for part in parts for scores in analyzer.forward(part)]
    raise torch.OutOfMemoryError(
        f"{analyzer.device} has no memory for batches of {_MIN_BATCH_TOKENS} tokens; end what else uses it"
    )


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


def _finish(analyzer: Analyzer, chunk: Chunk, scores: Scores, options: Options) -> Iterator[Result]:
    rest = iter(scores)
    for item in chunk:
        if isinstance(item, Failure):
            yield item
            continue
        try:
            yield analyzer.finish(item, next(rest), options)
        except DocumentError as error:
            yield Failure(item.document.id, error.code, error.message)

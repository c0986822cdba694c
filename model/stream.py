"""A stream of documents through an engine: preparing, the forward pass and finishing overlap.

Windows of many documents share a forward pass, so that its rectangles are full. Which documents share one depends on
the stream alone: the same stream gives the same answers to the last bit, and so does its rest from any multiple of
`group` on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from copydesk.model.analysis import Analysis, Document, Failure, Result
from copydesk.model.boundary import fail_document
from copydesk.model.network.engine import Engine, Pass
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import TokenizedStory
from copydesk.model.preparing import Prepared

Chunk = list[Prepared | Failure]
Scores = list[list[StoryScores]]  # per document, per story

GROUP = 1000  # documents; no forward pass holds documents of two groups
_CHUNK_BATCHES = 16  # device batches of one forward pass: the last, half empty one of each width hardly counts
_AHEAD = 2  # chunks that wait before the forward pass, and as many behind it

_T = TypeVar("_T")
_ItemT = TypeVar("_ItemT", Prepared, Prepared | Failure)


def analyze_stream(
    documents: Iterable[Document | Failure],
    engine: Engine,
    *,
    prepare: Callable[[Document], Prepared],
    finish: Callable[[Prepared, Sequence[StoryScores]], Analysis],
    group: int = GROUP,
) -> Iterator[Result]:
    """One result per document, in order; what cannot be analysed becomes a Failure, and a Failure is handed through.

    Holds a few chunks of 16 device batches each, however long the stream.
    """
    items = (_prepare(document, prepare) for document in documents)
    chunks = prefetch(cut_chunks(items, _CHUNK_BATCHES * engine.device.full_tokens, group), _AHEAD)
    for chunk, scores in prefetch(_score_all(engine, chunks), _AHEAD):
        yield from _finish(chunk, scores, finish)


def prefetch(items: Iterable[_T], depth: int) -> Iterator[_T]:
    """The same items in order, made on a thread of their own, up to `depth` of them ahead of their use.

    An error in making an item is raised where the item would have come.
    """
    stream, end = iter(items), object()
    thread = ThreadPoolExecutor(1)
    try:
        ahead = deque(thread.submit(next, stream, end) for _ in range(depth))
        while (item := ahead.popleft().result()) is not end:
            ahead.append(thread.submit(next, stream, end))
            yield item  # type: ignore[misc]  # `end` is not among them
    finally:
        thread.shutdown(cancel_futures=True)


def cut_chunks(items: Iterable[_ItemT], max_tokens: int, group: int) -> Iterator[list[_ItemT]]:
    """The items in lists that end when they hold `max_tokens`, and after every `group` items."""
    chunk: list[_ItemT] = []
    n_tokens = 0
    for i, item in enumerate(items, 1):
        chunk.append(item)
        n_tokens += 0 if isinstance(item, Failure) else item.n_tokens
        if n_tokens >= max_tokens or i % group == 0:
            yield chunk
            chunk, n_tokens = [], 0
    if chunk:
        yield chunk


def _prepare(document: Document | Failure, prepare: Callable[[Document], Prepared]) -> Prepared | Failure:
    if isinstance(document, Failure):
        return document
    try:
        return prepare(document)
    except Exception as error:
        return fail_document(document.id, error)


def _score_all(engine: Engine, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Scores]]:
    """Each chunk with its documents' scores; it ends when the next one has begun, so that the device never waits."""
    running: tuple[Chunk, Pass] | None = None
    for chunk in chunks:
        following = chunk, engine.begin(_tokens(chunk))
        if running:
            yield _end(engine, *running)
        running = following
    if running:
        yield _end(engine, *running)


def _end(engine: Engine, chunk: Chunk, running: Pass) -> tuple[Chunk, Scores]:
    return chunk, engine.score(_tokens(chunk), running.end())


def _tokens(chunk: Chunk) -> list[tuple[TokenizedStory, ...]]:
    return [item.tokens for item in chunk if not isinstance(item, Failure)]


def _finish(
    chunk: Chunk, scores: Scores, finish: Callable[[Prepared, Sequence[StoryScores]], Analysis]
) -> Iterator[Result]:
    rest = iter(scores)
    for item in chunk:
        if isinstance(item, Failure):
            yield item
            continue
        try:
            yield finish(item, next(rest))
        except Exception as error:
            yield fail_document(item.document.id, error)

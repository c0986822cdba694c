"""A stream of documents through an engine: preparing, the forward pass and finishing overlap.

Windows of many documents share a forward pass, so that its rectangles are full. Which documents share one depends on
the stream alone: the same stream gives the same answers to the last bit, and so does its rest from any multiple of
`group` on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from copydesk.model.analysis import Analysis, Document, Failure, Result
from copydesk.model.boundary import fail_document
from copydesk.model.network.engine import Engine, Pass
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import TokenizedStory
from copydesk.model.preparing import Prepared

GROUP = 1000  # documents; no forward pass holds documents of two groups
_CHUNK_BATCHES = 16  # device batches of one forward pass: the last, half empty one of each width hardly counts
_AHEAD = 2  # chunks that wait before the forward pass, and as many behind it

_T = TypeVar("_T")


class Readable(Protocol):
    """A document that the network can read."""

    @property
    def tokens(self) -> tuple[TokenizedStory, ...]:
        """Its stories."""

    @property
    def n_tokens(self) -> int:
        """Tokens of all its stories."""


_ReadableT = TypeVar("_ReadableT", bound=Readable)
_ItemT = TypeVar("_ItemT", bound=Readable | Failure)
Scored = tuple[_ReadableT | Failure, Sequence[StoryScores]]  # a Failure has none


def analyze_stream(
    documents: Iterable[Document | Failure],
    engine: Engine,
    *,
    prepare: Callable[[Iterable[Document | Failure]], Iterator[_ReadableT | Failure]],
    finish: Callable[[Iterable[Scored[_ReadableT]]], Iterator[Result]],
    group: int = GROUP,
) -> Iterator[Result]:
    """One result per document, in order; what cannot be analysed becomes a Failure, and a Failure is handed through.

    Holds a few chunks of 16 device batches each, however long the stream.
    """
    chunks = prefetch(cut_chunks(prepare(documents), _CHUNK_BATCHES * engine.device.full_tokens, group), _AHEAD)
    yield from finish(scored for chunk in prefetch(_score_all(engine, chunks), _AHEAD) for scored in chunk)


def prepare_each(
    documents: Iterable[Document | Failure], prepare: Callable[[Document], Prepared]
) -> Iterator[Prepared | Failure]:
    """The documents, each prepared when it is asked for."""
    for document in documents:
        if isinstance(document, Failure):
            yield document
            continue
        try:
            yield prepare(document)
        except Exception as error:
            yield fail_document(document.id, error)


def finish_each(
    scored: Iterable[Scored[Prepared]], finish: Callable[[Prepared, Sequence[StoryScores]], Analysis]
) -> Iterator[Result]:
    """The results, each finished when it is asked for."""
    for item, scores in scored:
        if isinstance(item, Failure):
            yield item
            continue
        try:
            yield finish(item, scores)
        except Exception as error:
            yield fail_document(item.document.id, error)


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


def _score_all(engine: Engine, chunks: Iterable[list[_ReadableT | Failure]]) -> Iterator[list[Scored[_ReadableT]]]:
    """Each chunk with its documents' scores; it ends when the next one has begun, so that the device never waits."""
    running: tuple[list[_ReadableT | Failure], Pass] | None = None
    for chunk in chunks:
        following = chunk, engine.begin(_tokens(chunk))
        if running:
            yield _end(engine, *running)
        running = following
    if running:
        yield _end(engine, *running)


def _end(engine: Engine, chunk: Sequence[_ReadableT | Failure], running: Pass) -> list[Scored[_ReadableT]]:
    scores = iter(engine.score(_tokens(chunk), running.end()))
    return [(item, () if isinstance(item, Failure) else next(scores)) for item in chunk]


def _tokens(chunk: Sequence[Readable | Failure]) -> list[tuple[TokenizedStory, ...]]:
    return [item.tokens for item in chunk if not isinstance(item, Failure)]

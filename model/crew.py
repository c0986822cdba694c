"""Processes that prepare and finish documents, beside the one that runs the network.

One interpreter prepares some 150 articles a second, a GPU reads thousands. What a process has prepared is handed back
as tokens, and as bytes that any of them can finish; so none of them keeps anything.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing.context import BaseContext
from typing import ParamSpec, TypeVar

from copydesk.model.analysis import Analysis, Document, Failure, Options, Result
from copydesk.model.boundary import fail_document
from copydesk.model.finishing import finish
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import TokenizedStory
from copydesk.model.output.tags import LabelRule
from copydesk.model.page.html.markup import Markup
from copydesk.model.preparing import Prepared, Preparer

_GROUP = 16  # documents that a process takes at once
_AHEAD = 2  # groups for each process that are under way
# A process computes on one core: so many of them would else start as many threads each.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

_P = ParamSpec("_P")
_ItemT = TypeVar("_ItemT")
_MadeT = TypeVar("_MadeT")

_preparer: Preparer  # of a process of the crew
_rules: Sequence[LabelRule]


@dataclass(frozen=True)
class Ready:
    """A document that a process has prepared: what the network reads, and all of it for whoever finishes it."""

    id: str | None
    tokens: tuple[TokenizedStory, ...]
    prepared: bytes

    @property
    def n_tokens(self) -> int:
        """Tokens of all its stories, special tokens not counted."""
        return sum(story.n_tokens for story in self.tokens)


class Crew:
    """`n_processes` that prepare and finish for one bundle. For any thread; they end with it, or with this process.

    niceness: how much they give way to other processes, as the system counts it.
    """

    def __init__(self, preparer: Preparer, rules: Sequence[LabelRule], n_processes: int, niceness: int = 0) -> None:
        self._n_processes = n_processes
        self._start = partial(ProcessPoolExecutor, n_processes, _context(), _begin, (preparer, rules, niceness))
        self._renewing = threading.Lock()
        self._pool = self._launch()

    def prepare(self, document: Document, options: Options, markup: Markup | None = None) -> "Future[Ready]":
        """`Preparer.prepare` elsewhere; the future raises what it raises."""
        return self._submit(_prepare, document, options, markup)

    def finish(self, ready: Ready, scores: Sequence[StoryScores], options: Options) -> "Future[Analysis]":
        """`finish` elsewhere; the future raises what it raises."""
        return self._submit(_finish, ready.prepared, scores, options)

    def prepare_all(self, documents: Iterable[Document | Failure], options: Options) -> Iterator[Ready | Failure]:
        """The documents in order, some groups ahead of their use; what cannot be prepared becomes a Failure."""
        for group in self._map(_prepare_group, documents, options):
            yield from group

    def finish_all(
        self, scored: Iterable[tuple[Ready | Failure, Sequence[StoryScores]]], options: Options
    ) -> Iterator[Result]:
        """The results in order; a Failure is handed through, without scores."""
        for group in self._map(_finish_group, scored, options):
            yield from group

    def _map(
        self, function: Callable[[list[_ItemT], Options], _MadeT], items: Iterable[_ItemT], options: Options
    ) -> Iterator[_MadeT]:
        """What the function makes of each group, in order."""
        stream, waiting = iter(items), deque[Future[_MadeT]]()
        try:
            while group := list(islice(stream, _GROUP)):
                waiting.append(self._submit(function, group, options))
                if len(waiting) > _AHEAD * self._n_processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _submit(self, function: Callable[..., _MadeT], *args: object) -> "Future[_MadeT]":
        """Processes of which one was killed all end, with what they were at; the next task finds new ones."""
        pool = self._pool
        try:
            return pool.submit(function, *args)
        except BrokenProcessPool:
            with self._renewing:
                if self._pool is pool:
                    self._pool = self._launch()
            return self._pool.submit(function, *args)

    def _launch(self) -> ProcessPoolExecutor:
        """The first of them ready; more are forked as they are needed."""
        pool = self._start()
        with _environment(_ONE_THREAD):
            pool.submit(os.getpid).result()
        return pool


def _context() -> BaseContext:
    """How processes start: forked from one that has imported what they need, where there is such a thing. A fork of
    this process would share the locks of its threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__])
    return context


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """With these variables, for what starts inside and all that is forked from it; those that are set already stay."""
    added = variables.keys() - os.environ.keys()
    os.environ.update({name: variables[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _begin(preparer: Preparer, rules: Sequence[LabelRule], niceness: int) -> None:
    """What a process does first."""
    global _preparer, _rules
    _preparer, _rules = preparer, rules
    if hasattr(os, "nice"):
        os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us all; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _prepare(document: Document, options: Options, markup: Markup | None = None) -> Ready:
    prepared = _preparer.prepare(document, options, markup)
    return Ready(document.id, prepared.tokens, pickle.dumps(prepared, pickle.HIGHEST_PROTOCOL))


def _finish(prepared: bytes, scores: Sequence[StoryScores], options: Options) -> Analysis:
    own: Prepared = pickle.loads(prepared)
    return finish(own, scores, _rules, options)


def _prepare_group(documents: Sequence[Document | Failure], options: Options) -> list[Ready | Failure]:
    return [d if isinstance(d, Failure) else _or_failure(d.id, _prepare, d, options) for d in documents]


def _finish_group(scored: Sequence[tuple[Ready | Failure, Sequence[StoryScores]]], options: Options) -> list[Result]:
    return [
        item if isinstance(item, Failure) else _or_failure(item.id, _finish, item.prepared, scores, options)
        for item, scores in scored
    ]


def _or_failure(
    document_id: str | None, function: Callable[_P, _MadeT], *args: _P.args, **kwargs: _P.kwargs
) -> _MadeT | Failure:
    """What the function makes of the document, or why it does not."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return fail_document(document_id, error)

"""Who prepares and finishes texts for the scheduler, and reads pages: threads of this process, or the analyzer's crew.

Long texts are prepared one after the other in a process of their own, so that others neither wait for a thread nor for
the interpreter, which one thread of a process has at a time.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from copydesk.model.analysis import Analysis, Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.crew import Ready
from copydesk.model.network.scores import StoryScores
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.pool import Cancellation, read_html
from copydesk.model.preparing import Prepared

_N_PREPARERS = 2
_N_PAGES = 2
_LONG = 50_000  # characters: more than all but a few articles, and 50 ms of a thread


class Hands:
    """Threads for texts, and others for pages, so that texts go on beside them. For the event loop."""

    def __init__(self) -> None:
        self._texts = ThreadPoolExecutor(_N_PREPARERS, thread_name_prefix="prepare")
        self._pages = ThreadPoolExecutor(_N_PAGES, thread_name_prefix="html")
        self._long = ThreadPoolExecutor(1, thread_name_prefix="long")

    async def prepare(self, analyzer: Analyzer, document: Document, options: Options) -> Prepared | Ready:
        """The document, ready for the analyzer's network. Raises DocumentError."""
        markup = None if document.html is None else await self._read_html(document.html)
        if len(markup.text if markup else document.text) > _LONG:
            return await asyncio.wrap_future(self._long.submit(_prepare_apart, analyzer, document, options, markup))
        if analyzer.crew:
            return await asyncio.wrap_future(analyzer.crew.prepare(document, options, markup))
        return await asyncio.wrap_future(self._texts.submit(analyzer.prepare, document, options, markup))

    async def finish(
        self, analyzer: Analyzer, item: Prepared | Ready, scores: Sequence[StoryScores], options: Options
    ) -> Analysis:
        """The answer for what `prepare` gave. Raises DocumentError."""
        if isinstance(item, Ready):
            crew = analyzer.crew or analyzer.apart
            return await asyncio.wrap_future(crew.finish(item, scores, options))
        return await asyncio.wrap_future(self._texts.submit(analyzer.finish, item, scores, options))

    def close(self, *, wait: bool) -> None:
        """Begin nothing more; wait for what was begun, or not."""
        for pool in (self._texts, self._pages, self._long):
            pool.shutdown(wait=wait, cancel_futures=True)

    async def _read_html(self, html: str) -> Markup:
        """What a page's markup says; when nobody waits for it any more, the process that reads it is ended."""
        cancellation = Cancellation()
        try:
            return await asyncio.wrap_future(self._pages.submit(read_html, html, cancellation=cancellation))
        except asyncio.CancelledError:
            cancellation.cancel()
            raise


def _prepare_apart(analyzer: Analyzer, document: Document, options: Options, markup: Markup | None) -> Ready:
    """Waits for the process; the first long text starts it."""
    return analyzer.apart.prepare(document, options, markup).result()

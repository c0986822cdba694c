"""Who prepares and finishes texts for the scheduler: threads of this process, or the analyzer's crew; and who reads
pages."""

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


class Hands:
    """Threads for texts, and others for pages, so that texts go on beside them. For the event loop."""

    def __init__(self) -> None:
        self._texts = ThreadPoolExecutor(_N_PREPARERS, thread_name_prefix="prepare")
        self._pages = ThreadPoolExecutor(_N_PAGES, thread_name_prefix="html")

    async def prepare(self, analyzer: Analyzer, document: Document, options: Options) -> Prepared | Ready:
        """The document, ready for the analyzer's network. Raises DocumentError."""
        markup = None if document.html is None else await self._read_html(document.html)
        if analyzer.crew:
            return await asyncio.wrap_future(analyzer.crew.prepare(document, options, markup))
        return await asyncio.wrap_future(self._texts.submit(analyzer.prepare, document, options, markup))

    async def finish(
        self, analyzer: Analyzer, item: Prepared | Ready, scores: Sequence[StoryScores], options: Options
    ) -> Analysis:
        """The answer for what `prepare` gave. Raises DocumentError."""
        if isinstance(item, Ready):
            assert analyzer.crew, "what a crew prepared goes to its own analyzer"
            return await asyncio.wrap_future(analyzer.crew.finish(item, scores, options))
        return await asyncio.wrap_future(self._texts.submit(analyzer.finish, item, scores, options))

    def close(self, *, wait: bool) -> None:
        """Begin nothing more; wait for what was begun, or not."""
        for pool in (self._texts, self._pages):
            pool.shutdown(wait=wait, cancel_futures=True)

    async def _read_html(self, html: str) -> Markup:
        """What a page's markup says; when nobody waits for it any more, the process that reads it is ended."""
        cancellation = Cancellation()
        try:
            return await asyncio.wrap_future(self._pages.submit(read_html, html, cancellation=cancellation))
        except asyncio.CancelledError:
            cancellation.cancel()
            raise

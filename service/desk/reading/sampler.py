"""A sample of what the endpoint is asked, taken into the desk: switched on by a setting."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence

from copydesk.model.analysis import Analysis, Document, Result
from copydesk.model.bundles.manifest import Bundle
from copydesk.service.desk.errors import DeskError, MissingError
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.projects import find_project, list_projects
from copydesk.service.desk.store.stories import NewStory, add_stories, draw_of
from copydesk.service.settings import Settings

logger = logging.getLogger(__name__)

_MAX_WAITING = 1_000  # stories; what comes in faster than it is kept is passed over
_SOURCE = "endpoint"


class Sampler:
    """Takes in a share of the texts that are analysed, chosen by their content. For the event loop."""

    def __init__(self, database: Database, settings: Settings, on_new: Callable[[], None]) -> None:
        self._database = database
        self._share = settings.desk_sample
        self._project = settings.desk_sample_project
        self._on_new = on_new
        self._waiting: asyncio.Queue[NewStory] = asyncio.Queue(_MAX_WAITING)

    def note(self, documents: Sequence[Document], results: Sequence[Result], bundle: Bundle) -> None:
        """These were analysed; those that are chosen are kept soon, the others at once forgotten."""
        if not self._share:
            return
        for document, result in zip(documents, results, strict=True):
            if isinstance(result, Analysis) and self._is_chosen(result.text) and not self._waiting.full():
                self._waiting.put_nowait(NewStory(result.text, document.title or result.story.title, _SOURCE))

    async def run(self) -> None:
        """Keep what was chosen, until cancelled."""
        while True:
            stories = [await self._waiting.get()]
            while not self._waiting.empty():
                stories.append(self._waiting.get_nowait())
            try:
                await asyncio.to_thread(self._keep, stories)
            except (DeskError, MissingError) as error:
                fields = {"n": len(stories), "reason": str(error)}
                logger.warning("sampled stories were not kept", extra={"fields": fields})

    def _is_chosen(self, text: str) -> bool:
        return (
            draw_of(hashlib.sha256(text.encode()).hexdigest()[16:]) < self._share
        )  # the first digits draw for the queue

    def _keep(self, stories: Sequence[NewStory]) -> None:
        with self._database.write() as session:
            project = find_project(session, self._project) if self._project else list_projects(session)[0]
            add_stories(session, project.id, stories)
        self._on_new()

"""A sample of what the endpoint is asked, taken into the desk: switched on by a setting."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence

from copydesk.model.analysis import Analysis, Document, Options, Result
from copydesk.model.bundles.manifest import Bundle
from copydesk.service.desk.errors import DeskError, MissingError
from copydesk.service.desk.queue.pool import RESERVED_SHARE
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.projects import find_project, list_projects
from copydesk.service.desk.store.stories import NewStory, add_stories, draw_of
from copydesk.service.settings import Settings

logger = logging.getLogger(__name__)

_MAX_WAITING = 1_000  # stories; what comes in faster than it is kept is passed over
_SOURCE, _SHADOW = "endpoint", "shadow"


class Sampler:
    """Takes in a share of the texts that are analysed, chosen by their content. For the event loop."""

    def __init__(self, database: Database, settings: Settings, on_new: Callable[[], None]) -> None:
        self._database = database
        self._share, self._shadow_share = settings.desk_sample, settings.shadow_sample
        self._project = settings.desk_sample_project
        self._on_new = on_new
        self._waiting: asyncio.Queue[NewStory] = asyncio.Queue(_MAX_WAITING)

    def note(self, documents: Sequence[Document], results: Sequence[Result], options: Options, bundle: Bundle) -> None:
        """These were analysed; those that are chosen are kept soon, the others at once forgotten."""
        if not self._share:
            return
        for document, result in zip(documents, results, strict=True):
            if isinstance(result, Analysis) and _is_chosen(result.text, self._share):
                self._put(NewStory(result.text, document.title or result.story.title, _SOURCE))

    def note_disagreement(self, answer: Analysis, labels: Sequence[str]) -> None:
        """A version that reads beside the current one differs from this answer of it on these labels.

        Stories that chance alone may show are left out: drawn at random they stand for all, and these do not.
        """
        story = NewStory(answer.text, answer.story.title, f"{_SHADOW}: {', '.join(labels)}")
        if _is_chosen(answer.text, self._shadow_share) and draw_of(story.hash) >= RESERVED_SHARE:
            self._put(story)

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

    def _put(self, story: NewStory) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(story)

    def _keep(self, stories: Sequence[NewStory]) -> None:
        with self._database.write() as session:
            project = find_project(session, self._project) if self._project else list_projects(session)[0]
            add_stories(session, project.id, stories)
        self._on_new()


def _is_chosen(text: str, share: float) -> bool:
    """By the text alone, and not by the digits that draw for the queue."""
    return draw_of(hashlib.sha256(text.encode()).hexdigest()[16:]) < share

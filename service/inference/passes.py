"""One pass of the encoder: windows of many texts, begun and ended by the model's thread."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NoReturn

from copydesk.model.analyzer import StoryScores
from copydesk.model.network.encoding import Part
from copydesk.service.inference.backlog import Job


class Pass:
    """Begun when it is made; all its windows are for one analyzer. Whatever fails is raised by `end`."""

    def __init__(self, taken: dict[Job, list[Part]]) -> None:
        self.taken = taken
        self.n_tokens = sum(len(part.tokens.token_ids) for parts in taken.values() for part in parts)
        self.started = time.monotonic()
        self.waits_s = [self.started - job.queued_at for job in taken if not job.encoding.is_begun]
        self._analyzer = next(iter(taken)).analyzer
        self._end_encoding = self._begin(part for parts in taken.values() for part in parts)

    def end(self) -> Iterator[tuple[Job, list[StoryScores]]]:
        """Wait for the encoder; the scores of each text whose last windows these were."""
        self._end_encoding()
        done = [job for job in self.taken if job.encoding.is_complete and not job.is_over]
        return zip(done, self._analyzer.score([job.encoding for job in done]), strict=True)

    def _begin(self, parts: Iterable[Part]) -> Callable[[], None]:
        try:
            return self._analyzer.begin(list(parts))
        except Exception as error:
            return partial(_fail, error)


def _fail(error: Exception) -> NoReturn:
    raise error

"""How far a candidate agrees with the versions that it reads beside: counted per label, and kept in the store."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from copydesk.model.analysis import Tag
from copydesk.model.bundles.tally import LabelTally, Tally, write_tally
from copydesk.service.metrics import Metrics

logger = logging.getLogger(__name__)

_WRITE_EVERY_S = 10.0


class Agreement:
    """What was counted in this run of the service. For the event loop."""

    def __init__(self, store: Path, candidate: str, metrics: Metrics) -> None:
        """store: its directory; candidate: the version's digest."""
        self._store = store
        self._candidate = candidate
        self._metrics = metrics
        self._run = uuid.uuid4().hex
        self._tallies: dict[str, Tally] = {}  # by the digest of the version beside it
        self._unwritten: set[str] = set()

    def note(self, digest: str, current: Sequence[Tag], candidate: Sequence[Tag]) -> list[str]:
        """Both have read a text, the version with this digest and the candidate; the labels on which they differ."""
        labels, now = compare_tags(current, candidate), datetime.now(UTC).isoformat(timespec="seconds")
        tally = Tally(1, labels, now, now)
        self._tallies[digest] = self._tallies[digest] + tally if digest in self._tallies else tally
        self._unwritten.add(digest)
        differing = [label for label, counts in labels.items() if counts.only_current or counts.only_candidate]
        for label in differing:
            self._metrics.note_disagreement(label, "current" if labels[label].only_current else "candidate")
        return differing

    async def keep(self) -> None:
        """Write what was counted again and again, until cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(_WRITE_EVERY_S)
                await asyncio.to_thread(self._write)
        finally:
            self._write()

    def _write(self) -> None:
        try:
            for digest in list(self._unwritten):
                self._unwritten.discard(digest)
                write_tally(self._store, self._candidate, digest, self._run, self._tallies[digest])
        except OSError as error:
            fields = {"reason": error.strerror or type(error).__name__}
            logger.warning("what the shadow says was not written into the store", extra={"fields": fields})


def compare_tags(current: Sequence[Tag], candidate: Sequence[Tag]) -> dict[str, LabelTally]:
    """What two versions say of a text, for each label that both know."""
    theirs = {tag.label: tag.assigned for tag in candidate}
    return {tag.label: _tally(tag.assigned, theirs[tag.label]) for tag in current if tag.label in theirs}


def _tally(is_current: bool, is_candidate: bool) -> LabelTally:
    return LabelTally(
        both=int(is_current and is_candidate),
        only_current=int(is_current and not is_candidate),
        only_candidate=int(is_candidate and not is_current),
    )

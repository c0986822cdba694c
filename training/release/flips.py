"""The tags that two versions decide differently: by story and label, never by text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.training.data.stories import LabelledStory, story_targets
from copydesk.training.release.scored import ScoredBundle


@dataclass(frozen=True)
class Flip:
    """A tag that only one version gives. current, candidate: scores.

    story: its id, or where it stands; is_given: by the candidate; is_right: the candidate is, none where the
    annotator was unsure.
    """

    place: str
    story: str
    label: str
    current: float
    candidate: float
    is_given: bool
    is_right: bool | None

    @property
    def outcome(self) -> str:
        """What became of the tag, in two or three words."""
        right = {True: "right now", False: "wrong now", None: "unsure"}[self.is_right]
        return f"{'given' if self.is_given else 'lost'}, {right}"


def find_flips(
    place: str, stories: Sequence[LabelledStory], candidate: ScoredBundle, current: ScoredBundle
) -> list[Flip]:
    """The flips of the labels that both know, those first that went wrong."""
    labels = [label for label in candidate.bundle.labels if label in current.bundle.labels]
    flips = _flips(place, stories, labels, candidate, current) if labels else iter(())
    return sorted(flips, key=lambda flip: flip.is_right is not False)


def _flips(
    place: str,
    stories: Sequence[LabelledStory],
    labels: Sequence[str],
    candidate: ScoredBundle,
    current: ScoredBundle,
) -> Iterator[Flip]:
    targets = story_targets(stories, labels)
    ours, theirs = candidate.decide(place, labels), current.decide(place, labels)
    before, now = (version.scores[place][:, version.columns(labels)] for version in (current, candidate))
    for i, j in np.argwhere(ours != theirs).tolist():
        name, is_given = stories[i].id or stories[i].where or f"story {i + 1}", bool(ours[i, j])
        is_right = None if targets[i, j] < 0 else is_given == bool(targets[i, j] > 0)
        yield Flip(place, name, labels[j], float(before[i, j]), float(now[i, j]), is_given, is_right)

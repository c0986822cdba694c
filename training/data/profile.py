"""All that `copydesk data check` finds out about labelled stories."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from copydesk.model.files.json import JsonObject
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.check import Fault, check_stories
from copydesk.training.data.label_errors import LabelError, cross_validate, find_label_errors
from copydesk.training.data.notes import NearDuplicates, count_words, file_of, find_near_duplicates, find_notes
from copydesk.training.data.plain import Reading
from copydesk.training.data.stories import LabelledStory, count_labels, group_stories, story_targets
from copydesk.training.data.tag_data import read_corrected
from copydesk.training.metrics.quality import Floats, average_precision


@dataclass(frozen=True)
class LabelCount:
    """How many stories carry a label, how well a simple model learns it, and how many of its labels are doubted."""

    n_stories: int
    n_unsure: int
    average_precision: float | None
    n_doubted: int


@dataclass(frozen=True)
class Together:
    """Two labels and how many stories carry both; share: of the rarer one's stories."""

    rarer: str
    other: str
    n_stories: int
    share: float


@dataclass(frozen=True)
class Profile:
    """Counts after the faults are left out. n_words: of each story; n_corrected: by a later file."""

    files: dict[str, int]
    faults: list[Fault]
    n_stories: int
    labels: dict[str, LabelCount]
    stories_by_n_labels: dict[int, int]
    together: list[Together]
    n_words: list[int]
    near_duplicates: list[NearDuplicates]
    doubted: list[LabelError]
    n_corrected: int
    notes: list[str]

    def to_json(self) -> JsonObject:
        """The content of data.json."""
        return {**asdict(self), "n_words": self.length_quantiles()}

    def share_with(self, label: str, other: str) -> float:
        """Of the stories with the label, the share that carry the other one too."""
        n = sum(pair.n_stories for pair in self.together if {pair.rarer, pair.other} == {label, other})
        return n / max(1, self.labels[label].n_stories)

    def length_quantiles(self) -> dict[str, int]:
        """How long the texts are, in words."""
        names = ("shortest", "5 %", "median", "95 %", "longest")
        numbers = np.percentile(self.n_words or [0], (0, 5, 50, 95, 100)).astype(int).tolist()
        return dict(zip(names, numbers, strict=True))


def profile_stories(
    files: Sequence[str], labels: Sequence[str], progress: Progress = SILENT, reading: Reading | None = None
) -> Profile:
    """Read the files as training does, a later one correcting the earlier; check and cross-validate them."""
    read = read_corrected(files, reading)
    checked = check_stories(read.stories, labels, read.faults, skip_bad=True)
    stories, groups = checked.stories, group_stories(checked.stories)
    scores = cross_validate(stories, checked.labels, groups, progress)
    doubted = find_label_errors(stories, checked.labels, scores)
    near_duplicates = find_near_duplicates(stories, groups)
    return Profile(
        files=dict(Counter(file_of(story) for story in read.read)),
        faults=checked.faults,
        n_stories=len(stories),
        labels=_count(stories, checked.labels, scores, doubted),
        stories_by_n_labels=dict(sorted(Counter(len(story.labels) for story in stories).items())),
        together=_find_together(stories),
        n_words=count_words(stories),
        near_duplicates=near_duplicates,
        doubted=doubted,
        n_corrected=read.n_changed,
        notes=[*read.describe(), *read.notes, *find_notes(stories, checked.labels, near_duplicates)],
    )


def _count(
    stories: Sequence[LabelledStory], labels: Sequence[str], scores: Floats, doubted: Sequence[LabelError]
) -> dict[str, LabelCount]:
    n_stories = count_labels(stories)
    n_unsure = Counter(label for story in stories for label in story.unsure)
    n_doubted = Counter(error.label for error in doubted)
    targets = np.where(np.isnan(scores), -1.0, story_targets(stories, labels))
    return {
        label: LabelCount(
            n_stories[label], n_unsure[label], average_precision(targets[:, i], scores[:, i]), n_doubted[label]
        )
        for i, label in enumerate(labels)
    }


def _find_together(stories: Sequence[LabelledStory]) -> list[Together]:
    counts = count_labels(stories)
    pairs = Counter(pair for story in stories for pair in combinations(sorted(story.labels), 2))
    ranked = [(sorted(pair, key=lambda label: counts[label]), n) for pair, n in pairs.most_common()]
    return [Together(rarer, other, n, n / counts[rarer]) for (rarer, other), n in ranked]

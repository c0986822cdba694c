"""What stops no training and is worth knowing of labelled stories."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copydesk.training.data.check import MIN_EXAMPLES
from copydesk.training.data.splits import TEST_SHARE
from copydesk.training.data.stories import LabelledStory, count_labels

N_TO_JUDGE = round(MIN_EXAMPLES / TEST_SHARE)  # stories of a label, of which a store's test gets enough to judge it
_N_NAMED = 12  # labels that a line names
SHORT, LONG = 20, 1500  # words; training reads about the first 1,500
_UNLABELLED = 0.02  # share of the stories
_SUSPECTS = (
    ("to be wrongly decoded (broken accents or quotes)", re.compile("\ufffd|â€|Ã[\u0080-\u00bf]")),
    ("to hold HTML", re.compile(r"</?(?:p|div|span|br|a|b|i|strong|em)\b[^<>]*>|&(?:nbsp|amp|quot|lt|gt);")),
)


@dataclass(frozen=True)
class NearDuplicates:
    """A group of stories: where they stand, and whether their labels and files are the same."""

    places: list[str]
    same_labels: bool
    n_files: int


def find_near_duplicates(stories: Sequence[LabelledStory], groups: Sequence[int]) -> list[NearDuplicates]:
    """The groups of more than one story. groups: see `group_stories`."""
    members = defaultdict(list)
    for story, group in zip(stories, groups, strict=True):
        members[group].append(story)
    return [
        NearDuplicates(
            [story.where for story in alike],
            same_labels=len({(story.labels, story.unsure) for story in alike}) == 1,
            n_files=len({file_of(story) for story in alike}),
        )
        for alike in members.values()
        if len(alike) > 1
    ]


def file_of(story: LabelledStory) -> str:
    """The file or hub dataset that the story was read from."""
    return re.sub(r":( row)? ?\d+$", "", story.where)


def count_words(stories: Sequence[LabelledStory]) -> list[int]:
    """How long each text is."""
    return [len(re.findall(r"\w+", story.text)) for story in stories]


def find_notes(
    stories: Sequence[LabelledStory], labels: Sequence[str], near_duplicates: Sequence[NearDuplicates]
) -> Iterator[str]:
    """Sentences for a person."""
    n_words = count_words(stories)
    yield from _label_notes(stories, labels)
    yield from _duplicate_notes(near_duplicates)
    if short := sum(n < SHORT for n in n_words):
        yield f"{_several(short, 'text has', 'texts have')} fewer than {SHORT} words"
    if long := sum(n > LONG for n in n_words):
        yield f"{_several(long, 'text has', 'texts have')} more than {LONG:,} words, of which training reads the first"
    for what, pattern in _SUSPECTS:
        found = [story.where for story in stories if pattern.search(story.text)]
        if found:
            yield f"{_several(len(found), 'text seems', 'texts seem')} {what}, first {found[0]}"


def list_first(labels: Sequence[str]) -> str:
    """The labels in a line, of many the first."""
    more = f" and {len(labels) - _N_NAMED} more" if len(labels) > _N_NAMED else ""
    return f"{', '.join(labels[:_N_NAMED])}{more}"


def _label_notes(stories: Sequence[LabelledStory], labels: Sequence[str]) -> Iterator[str]:
    counts = count_labels(stories)
    few = [f"{label} has {counts[label]}" for label in labels if counts[label] < N_TO_JUDGE]
    if few:
        yield f"each label needs about {N_TO_JUDGE} stories to be judged: {list_first(few)}"
    if labels and sum(not story.labels for story in stories) < _UNLABELLED * len(stories):
        yield "nearly every story carries a label: a model that never saw one without will find a label everywhere"


def _duplicate_notes(groups: Sequence[NearDuplicates]) -> Iterator[str]:
    if groups:
        n = sum(len(group.places) for group in groups)
        in_groups = f"in {_several(len(groups), 'group', 'groups')}"
        yield f"{n} stories are near-duplicates of each other, {in_groups}; no split parts them"
    for kind, found, advice in (
        (
            "in several files",
            [group for group in groups if group.n_files > 1],
            "a leak if one of the files is a test set",
        ),
        ("with different labels", [group for group in groups if not group.same_labels], "one of them may be wrong"),
    ):
        if found:
            places = " and ".join(found[0].places[:2])
            yield f"{_several(len(found), 'group', 'groups')} of near-duplicates {kind}, first {places}: {advice}"


def _several(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"

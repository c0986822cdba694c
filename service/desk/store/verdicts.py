"""What holds of a story after everybody has spoken. Pure functions over opinions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from copydesk.service.desk.store.judgements import Opinion
from copydesk.service.desk.store.tables import Verdict

Question = tuple[int, int]  # story, label


@dataclass(frozen=True)
class StoryStanding:
    """What holds of one story.

    verdicts: by label, what was adjudicated, else what all agree on, unsure where they do not; disputed: labels on
    which people differ and nobody has adjudicated; double: by label, what two or more people said, yes or no.
    """

    verdicts: Mapping[int, Verdict]
    disputed: frozenset[int]
    double: Mapping[int, tuple[bool, ...]]
    is_random: bool  # it was judged because chance had drawn it
    is_whole: bool  # it was asked about every label: a topic's yes or no is asked of one


@dataclass(frozen=True)
class Standing:
    """What holds of a project's judged stories at one moment."""

    stories: Mapping[int, StoryStanding]

    @cached_property
    def settled(self) -> Mapping[Question, Verdict]:
        """What holds of each question."""
        return {
            (story_id, label_id): verdict
            for story_id, story in self.stories.items()
            for label_id, verdict in story.verdicts.items()
        }

    @cached_property
    def disputed(self) -> Mapping[int, frozenset[int]]:
        """The labels that wait for adjudication, by story."""
        return {story_id: story.disputed for story_id, story in self.stories.items() if story.disputed}

    @cached_property
    def random(self) -> frozenset[int]:
        """Stories that chance had drawn: the only ones to measure on."""
        return frozenset(story_id for story_id, story in self.stories.items() if story.is_random)

    @cached_property
    def whole(self) -> frozenset[int]:
        """Stories that were asked about every label."""
        return frozenset(story_id for story_id, story in self.stories.items() if story.is_whole)


def settle(opinions: Sequence[Opinion]) -> StoryStanding:
    """What holds of a story. opinions: what each person holds of each label, in the order in which it was said."""
    groups: dict[int, list[Opinion]] = defaultdict(list)
    for opinion in opinions:
        groups[opinion.label_id].append(opinion)
    witnesses = {label_id: _witnesses(group) for label_id, group in groups.items()}
    return StoryStanding(
        {label_id: _settle_one(group) for label_id, group in groups.items()},
        frozenset(label_id for label_id, group in groups.items() if _is_disputed(group)),
        {label_id: answers for label_id, answers in witnesses.items() if len(answers) > 1},
        is_random=any(one.reason == "random" for one in opinions),
        is_whole=any(one.reason != "topic" for one in opinions),
    )


def _settle_one(group: Sequence[Opinion]) -> Verdict:
    decided = _adjudicated(group)
    if decided:
        return decided
    verdicts = {one.verdict for one in group}
    return verdicts.pop() if len(verdicts) == 1 else "unsure"


def _is_disputed(group: Sequence[Opinion]) -> bool:
    return not _adjudicated(group) and len({one.verdict for one in group}) > 1


def _adjudicated(group: Iterable[Opinion]) -> Verdict | None:
    """What was decided last, if it was."""
    decided = [one.verdict for one in group if one.reason == "adjudicate"]
    return decided[-1] if decided else None


def _witnesses(group: Iterable[Opinion]) -> tuple[bool, ...]:
    """Yes or no of each person; who adjudicates knows what the others said, and is no witness."""
    return tuple(one.verdict == "yes" for one in group if one.reason != "adjudicate" and one.verdict in ("yes", "no"))

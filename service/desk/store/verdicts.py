"""What holds of a story after everybody has spoken. Pure functions over opinions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from copydesk.service.desk.store.judgements import Opinion
from copydesk.service.desk.store.tables import Reason, Verdict

Question = tuple[int, int]  # story, label


def group_opinions(opinions: Iterable[Opinion]) -> dict[Question, list[Opinion]]:
    """The opinions on each question."""
    groups: dict[Question, list[Opinion]] = defaultdict(list)
    for opinion in opinions:
        groups[opinion.story_id, opinion.label_id].append(opinion)
    return groups


def settle(opinions: Iterable[Opinion]) -> dict[Question, Verdict]:
    """What holds of each question: what was adjudicated, else what all agree on; unsure where they do not."""
    return {question: _settle_one(group) for question, group in group_opinions(opinions).items()}


def find_disputed(opinions: Iterable[Opinion]) -> dict[int, set[int]]:
    """The labels on which people differ and nobody has adjudicated, by story."""
    disputed: dict[int, set[int]] = defaultdict(set)
    for (story_id, label_id), group in group_opinions(opinions).items():
        if not _adjudicated(group) and len({one.verdict for one in group}) > 1:
            disputed[story_id].add(label_id)
    return disputed


def drawn_at_random(opinions: Iterable[Opinion]) -> set[int]:
    """Stories that were judged because they were drawn at random; the only ones to measure on."""
    reasons: Mapping[int, set[Reason]] = _collect_reasons(opinions)
    return {story_id for story_id, found in reasons.items() if "random" in found}


def _settle_one(group: list[Opinion]) -> Verdict:
    last = _adjudicated(group)
    if last:
        return last
    verdicts = {one.verdict for one in group}
    return verdicts.pop() if len(verdicts) == 1 else "unsure"


def _adjudicated(group: Iterable[Opinion]) -> Verdict | None:
    return next((one.verdict for one in group if one.reason == "adjudicate"), None)


def _collect_reasons(opinions: Iterable[Opinion]) -> dict[int, set[Reason]]:
    reasons: dict[int, set[Reason]] = defaultdict(set)
    for opinion in opinions:
        reasons[opinion.story_id].add(opinion.reason)
    return reasons

import numpy as np

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule
from copydesk.training.data.stories import LabelledStory
from copydesk.training.release.flips import Flip, find_flips
from copydesk.training.release.history import FROZEN
from copydesk.training.release.scored import ScoredBundle

TEXT = "Ministers met in secret."


def version(scores: list[list[float]], *labels: str) -> ScoredBundle:
    rules = tuple(map(LabelRule, labels))
    return ScoredBundle(Bundle("v", rules, "none", None, "", 32, HeadConfig(), 1.0), {FROZEN: np.array(scores)})


def test_flips_are_listed_both_ways_the_wrong_ones_first_and_never_by_text() -> None:
    stories = [
        LabelledStory(TEXT, frozenset({"trade"}), id="a"),
        LabelledStory(TEXT, frozenset({"trade"}), where="b.jsonl:7"),
        LabelledStory(TEXT, frozenset(), frozenset({"drugs"})),
    ]
    current = version([[0.2, 0.9], [0.9, 0.1], [0.1, 0.2]], "trade", "drugs")
    candidate = version([[0.9, 0.8, 0.1], [0.2, 0.1, 0.9], [0.1, 0.7, 0.9]], "trade", "drugs", "new")
    found = find_flips(FROZEN, stories, candidate, current)
    assert found == [
        Flip(FROZEN, "b.jsonl:7", "trade", 0.9, 0.2, is_given=False, is_right=False),
        Flip(FROZEN, "a", "trade", 0.2, 0.9, is_given=True, is_right=True),
        Flip(FROZEN, "story 3", "drugs", 0.2, 0.7, is_given=True, is_right=None),
    ]
    assert [flip.outcome for flip in found] == ["lost, wrong now", "given, right now", "given, unsure"]
    assert TEXT not in repr(found)


def test_versions_without_a_label_in_common_have_no_flips() -> None:
    stories = [LabelledStory(TEXT, frozenset({"trade"}))]
    assert find_flips(FROZEN, stories, version([[0.9]], "trade"), version([[0.1]], "drugs")) == []

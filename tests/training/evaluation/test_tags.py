import numpy as np

from copydesk.model.output.tags import LabelRule
from copydesk.training.data.stories import LabelledStory
from copydesk.training.evaluation.slices import length_slice
from copydesk.training.evaluation.tags import Mistake, evaluate_slices, evaluate_tags, find_mistakes

RULES = (LabelRule("trade"), LabelRule("drugs", threshold=0.3))
STORIES = [
    LabelledStory("steel", frozenset({"trade"}), id="a"),
    LabelledStory("heroin", frozenset({"drugs"}), unsure=frozenset({"trade"}), id="b"),
    LabelledStory("rain", frozenset(), id="c"),
]
TARGETS = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, 0.0]])
SCORES = np.array([[0.4, 0.35], [0.99, 0.9], [0.8, 0.1]])


def test_report_counts_masked_decisions_nowhere() -> None:
    report = evaluate_tags(TARGETS, np.array([[2.0, -9.0], [9.0, 2.0], [-2.0, -9.0]]), RULES)
    assert (report.macro_f1, report.micro_f1, report.subset_accuracy) == (1.0, 1.0, 1.0)
    assert report.labels["trade"].support == 1


def test_mistakes_come_worst_first_by_id() -> None:
    assert find_mistakes(STORIES, TARGETS, SCORES, RULES) == [
        Mistake("c", "trade", is_missed=False, score=0.8),
        Mistake("a", "trade", is_missed=True, score=0.4),
        Mistake("a", "drugs", is_missed=False, score=0.35),
    ]


def test_slices_have_no_macro_f1_where_no_story_has_a_topic() -> None:
    slices = evaluate_slices(STORIES, TARGETS, SCORES, RULES)
    assert {name: part.n_stories for name, part in slices.items()} == {
        "under 300 words": 3,
        "no topic": 1,
        "one topic": 2,
    }
    assert slices["no topic"].macro_f1 is None
    assert slices["one topic"].subset_accuracy == 0.5


def test_slices_of_length_begin_at_their_least_number_of_words() -> None:
    assert [length_slice("a " * n) for n in (299, 300, 1000)] == [
        "under 300 words",
        "300-599 words",
        "1000 words and more",
    ]

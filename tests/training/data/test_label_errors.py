import numpy as np
import pytest

from copydesk.training.data.label_errors import N_FOLDS, LabelError, cross_validate, find_label_errors
from copydesk.training.data.stories import LabelledStory
from support.progress import Heard

TOPICS = {"trade": "tariff duty export import", "drugs": "heroin fentanyl cartel seizure"}


def make_story(n: int, *labels: str) -> LabelledStory:
    words = f"{' '.join(TOPICS[label] for label in labels)} filler{n % 7} filler{n % 5} filler{n % 3}"
    return LabelledStory(f"{words} number{n}", frozenset(labels), id=str(n), where=f"a.jsonl:{n}")


STORIES = [make_story(n, *(("trade",), ("drugs",), ())[n % 3]) for n in range(120)]


def doubted(stories: list[LabelledStory]) -> set[tuple[str, str, bool]]:
    scores = cross_validate(stories, ("trade", "drugs"), range(len(stories)))
    return {(e.id, e.label, e.is_given) for e in find_label_errors(stories, ("trade", "drugs"), scores)}


def test_a_wrong_label_and_a_missing_one_are_found_and_no_other() -> None:
    missing = LabelledStory(TOPICS["drugs"], frozenset(), id="500")
    wrong = LabelledStory("filler1 filler2 filler0", frozenset({"trade"}), id="501")
    assert doubted([*STORIES, missing, wrong]) == {("500", "drugs", False), ("501", "trade", True)}


def test_good_labels_are_not_doubted() -> None:
    assert doubted(STORIES) == set()


def test_an_unsure_label_is_neither_learned_nor_doubted() -> None:
    unsure = LabelledStory(f"{TOPICS['drugs']} x", frozenset(), unsure=frozenset({"drugs"}), id="500")
    assert doubted([*STORIES, unsure]) == set()


def test_every_step_is_told() -> None:
    heard = Heard()
    cross_validate(STORIES, ("trade", "drugs"), range(len(STORIES)), heard)
    n_models = N_FOLDS * 2
    assert heard.steps == {"looking for label errors": [(n, n_models) for n in range(n_models + 1)]}


def test_a_story_is_scored_by_a_model_that_saw_no_version_of_it() -> None:
    one_word = [LabelledStory(f"special word {n}", frozenset({"trade"})) for n in range(20)]
    apart = cross_validate([*STORIES, *one_word], ("trade",), [*range(120), *[120] * 20])
    among = cross_validate([*STORIES, *one_word], ("trade",), range(140))
    assert float(np.mean(among[120:])) > float(np.mean(apart[120:])) + 0.3


def test_confident_learning_asks_for_more_than_the_average_of_the_others() -> None:
    stories = [LabelledStory(str(n), frozenset({"a"} if n < 4 else ()), id=str(n), where="") for n in range(8)]
    scores = np.array([[0.9], [0.9], [0.9], [0.1], [0.1], [0.1], [0.69], [0.71]])
    # with the label: mean 0.7, so 0.71 is doubted and 0.69 not; without: mean of 1 - score 0.6, so 0.9 is
    found = find_label_errors(stories, ("a",), scores)
    assert found == [LabelError("3", "", "a", True, 0.1), LabelError("7", "", "a", False, 0.71)]
    assert [error.doubt for error in found] == [pytest.approx(0.9), pytest.approx(0.71)]

from collections.abc import Callable

import pytest

from copydesk.model.analysis import Analysis
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.drift.changes import Change, by_label, find_changes
from copydesk.model.drift.limits import Limit
from copydesk.model.drift.measures import EVERY, Key
from copydesk.model.drift.reference import Reference, make_reference
from support.drift import N_WINDOWS, compose_analyses, sum_analyses


@pytest.fixture(scope="module")
def reference(bundle: Bundle) -> Reference:
    return make_reference(bundle, compose_analyses(1200), "composed", window=200, n_windows=N_WINDOWS)


def find(reference: Reference, compose: Callable[[int], list[Analysis]], n: int = 3) -> set[Key]:
    windows = [sum_analyses(compose(seed)) for seed in range(100, 100 + n)]
    return {change.key for change in find_changes(windows, reference) if change.is_raised}


def test_texts_of_the_same_kind_raise_nothing(reference: Reference) -> None:
    assert find(reference, lambda seed: compose_analyses(200, seed)) == set()


def test_labels_that_are_given_twice_as_often_are_raised_in_the_third_window(reference: Reference) -> None:
    def compose(seed: int) -> list[Analysis]:
        return compose_analyses(200, seed, rate=0.4)

    assert Key("rate", "trade") in find(reference, compose)
    assert find(reference, compose, n=2) == set()


def test_texts_in_small_letters_are_raised(reference: Reference) -> None:
    text = compose_analyses(1)[0].text.lower()
    assert find(reference, lambda seed: compose_analyses(200, seed, text=text)) == {Key("capitals")}


def test_vectors_that_move_are_raised(reference: Reference) -> None:
    assert {Key("frechet"), Key("mmd")} <= find(reference, lambda seed: compose_analyses(200, seed, shift=0.5))


def test_one_window_below_its_limit_ends_the_row() -> None:
    limit = Limit(0.1, 0.2)
    changes = [Change(Key("rate", "trade"), distances, limit) for distances in ((0.3, 0.3, 0.3), (0.3, 0.1, 0.3, 0.3))]
    assert [change.is_raised for change in changes] == [True, False]
    assert [change.size for change in changes] == pytest.approx([1.5, 1.5])


def test_labels_stand_in_the_order_of_their_largest_change() -> None:
    limit = Limit(0.1, 0.2)
    sizes = {Key("rate", "trade"): 0.1, Key("scores", "drugs"): 0.3, Key("rate", "drugs"): 0.1, Key("mmd"): 0.2}
    own = by_label([Change(key, (distance,), limit) for key, distance in sizes.items()])
    assert [one.label for one in own] == ["drugs", EVERY, "trade"]
    assert [change.key.measure for change in own[0].changes] == ["scores", "rate"]


def test_without_a_window_nothing_has_changed(reference: Reference) -> None:
    assert find_changes([], reference) == []

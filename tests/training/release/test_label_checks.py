from dataclasses import replace

import numpy as np
import pytest

from copydesk.training.data.stories import LabelledStory
from copydesk.training.metrics.bootstrap import Interval
from copydesk.training.release.gate import judge
from copydesk.training.release.history import FROZEN, NEW
from copydesk.training.release.scored import ScoredBundle
from support.tiny import LABELS
from support.versions import (
    CURRENT,
    N_STORIES,
    STORIES,
    TARGETS,
    failed,
    find,
    learned,
    make_bundle,
    make_stories,
    make_targets,
    make_version,
)


@pytest.mark.parametrize("stories", [[], STORIES[FROZEN][:5]])
def test_without_a_frozen_test_that_can_show_something_nothing_passes(stories: list[LabelledStory]) -> None:
    sets = {FROZEN: stories, NEW: STORIES[NEW]}
    scores = {FROZEN: CURRENT.scores[FROZEN][: len(stories)], NEW: CURRENT.scores[NEW]}
    verdict = judge(ScoredBundle(make_bundle("k"), scores), replace(CURRENT, scores=scores), sets)
    counts = [sum(label in story.labels for story in stories) for label in LABELS]
    has = ", ".join(f"{label} has {n}" for label, n in zip(LABELS, counts, strict=True))
    assert verdict.reasons == (
        f"the frozen test has {len(stories)} stories: too few to tell. Each label needs 8 there to be judged, "
        f"which a store sets aside of about 80 labelled ones; {has}",
    )


def test_a_first_version_must_beat_every_label_on_every_story() -> None:
    assert judge(make_version("k", 60), None, STORIES).is_passed
    order = np.random.default_rng(6).permutation(N_STORIES)
    shuffled = {place: learned(targets[order], 61) for place, targets in TARGETS.items()}
    assert (FROZEN, "macro-F1") in failed(judge(ScoredBundle(make_bundle("k"), shuffled), None, STORIES))
    flipped = {place: values.copy() for place, values in make_version("k", 60, 0.99).scores.items()}
    flipped[FROZEN][:, 2] = 1 - flipped[FROZEN][:, 2]
    assert (FROZEN, "F1 taiwan") in failed(judge(ScoredBundle(make_bundle("k"), flipped), None, STORIES))
    timid = {place: np.where(values > 0.5, 0.6, 0.4) for place, values in CURRENT.scores.items()}
    assert failed(judge(ScoredBundle(make_bundle("k"), timid), None, STORIES)) == {(FROZEN, "ECE"), (NEW, "ECE")}


def test_other_label_sets_are_compared_where_they_meet() -> None:
    labels = ("drugs", "energy", "trade")
    targets = make_targets(7, labels)
    stories = {FROZEN: make_stories(targets, labels)}
    current_targets = np.stack([targets[:, 2], targets[:, 0]], axis=1)
    current = ScoredBundle(make_bundle("current", ("trade", "drugs")), {FROZEN: learned(current_targets, 8)})
    candidate = ScoredBundle(make_bundle("k", ("energy", "trade")), {FROZEN: learned(targets[:, 1:], 9)})
    verdict = judge(candidate, current, stories)
    assert [check.figure for check in verdict.checks] == ["macro-F1", "ECE", "F1 trade", "F1 energy", "F1 drugs"]
    added, removed = find(verdict, "F1 energy"), find(verdict, "F1 drugs")
    assert (added.current, added.note) == (None, "new")
    assert (removed.candidate, removed.note) == (None, "no longer a label")
    assert find(verdict, "macro-F1").candidate == find(verdict, "F1 trade").candidate
    assert verdict.is_passed


def test_a_new_label_that_was_not_learned_is_refused() -> None:
    targets = make_targets(7)
    scores = learned(targets, 9)
    current = ScoredBundle(make_bundle("current", LABELS[:3]), {FROZEN: scores[:, :3].copy()})
    scores[:, 3] = 0.05
    verdict = judge(ScoredBundle(make_bundle("k"), {FROZEN: scores}), current, {FROZEN: make_stories(targets)})
    assert failed(verdict) == {(FROZEN, "F1 drugs")}
    assert "new, worse than on every story" in verdict.reasons[0]


def test_the_change_of_an_error_and_of_a_quality_have_intervals_of_their_own_sign() -> None:
    verdict = judge(make_version("k", 20, 0.99), CURRENT, STORIES)
    for figure in ("macro-F1", "ECE"):
        check = find(verdict, figure)
        assert isinstance(check.change_interval, Interval)
        assert check.change_interval.low <= check.change <= check.change_interval.high

from functools import partial
from pathlib import Path

import pytest

from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.drift.reference import find_reference, make_reference
from copydesk.training.data.stories import LabelledStory
from copydesk.training.evaluation.reference import keep_reference
from support.progress import Heard
from support.tiny import STORY, make_tiny_bundle


def stories(n: int) -> list[LabelledStory]:
    return [LabelledStory(f"{STORY} It was day {i}.", frozenset(), title="Steel") for i in range(n)]


def test_stories_held_out_are_the_reference_beside_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.training.evaluation.reference.make_reference", partial(make_reference, n_windows=2))
    directory, heard = tmp_path / "tiny", Heard()
    make_tiny_bundle(directory)
    keep_reference(directory, stories(500), heard)
    reference = find_reference(load_manifest(directory), directory)
    assert reference is not None
    assert (reference.source, reference.sums.n) == ("the stories held out", 500)
    assert heard.steps["reading"][-1] == (500, 500)


def test_few_stories_are_no_reference_and_that_is_said(tmp_path: Path) -> None:
    heard = Heard()
    keep_reference(tmp_path, stories(499), heard)
    assert list(tmp_path.iterdir()) == []
    (said,) = heard.said
    assert said.startswith("drift: 499 stories that it has not learned from are too few")

"""The whole way of a candidate, with tiny bundles and stories labelled by one of them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from copydesk.model.analysis import Span
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import save_bundle
from copydesk.model.errors import BundleError, StoreError
from copydesk.model.output.tags import LabelRule
from copydesk.training.data.editors import EditedStory, EditorsChoice
from copydesk.training.data.stories import LabelledStory
from copydesk.training.evaluation.editors import serve_stories
from copydesk.training.evaluation.tags import calibrate, story_logits
from copydesk.training.release.gate import Terms, Verdict, judge, submit
from support.tiny import LABELS, make_tiny_bundle
from support.versions import failed, find

CPU = Terms(device="cpu")


def _spread(directory: Path, source: Path, texts: Sequence[str]) -> Bundle:
    """The bundle with every threshold in the middle of its scores, so that labels are given to half the texts."""
    stories = [LabelledStory(text, frozenset()) for text in texts]
    analyzer = Analyzer.load(source, "cpu")
    logits = story_logits(analyzer, stories)
    # A steep slope around the middle: scores near 0 and 1, as of a model that has learned.
    slopes = 200 / logits.std(axis=0)
    rules = tuple(
        LabelRule(rule.label, 0.5, float(slope), float(-slope * middle))
        for rule, slope, middle in zip(analyzer.bundle.rules, slopes, np.median(logits, axis=0), strict=True)
    )
    return save_bundle(directory, replace(analyzer.bundle, rules=rules), load_file(source / "weights.safetensors"), "#")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    random = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = ["".join(random.choice(letters, 4)) for _ in range(200)]
    return [" ".join(random.choice(words, 12)).capitalize() + "." for _ in range(120)]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> Path:
    """The bundle whose answers are the labels."""
    folder = tmp_path_factory.mktemp("truth")
    make_tiny_bundle(folder / "raw")
    _spread(folder / "truth", folder / "raw", texts)
    return folder / "truth"


@pytest.fixture(scope="module")
def labelled(truth: Path, texts: list[str]) -> list[LabelledStory]:
    analyzer = Analyzer.load(truth, "cpu")
    logits = story_logits(analyzer, [LabelledStory(text, frozenset()) for text in texts])
    scores = calibrate(logits, analyzer.bundle.rules)
    return [
        LabelledStory(text, frozenset(label for label, score in zip(LABELS, row, strict=True) if score >= 0.5))
        for text, row in zip(texts, scores.tolist(), strict=True)
    ]


@pytest.fixture
def store(tmp_path: Path, truth: Path) -> Store:
    """A store whose current version is never wrong."""
    store = Store(tmp_path / "models", who="ann")
    store.promote(store.add(truth).digest, instead_of=None)
    return store


def change_weights(truth: Path, directory: Path, name: str) -> Path:
    weights = load_file(truth / "weights.safetensors")
    bundle = replace(load_manifest(truth), name=name)
    if name == "flipped":  # the logit of one label, which is a sum of contributions and a bias, with the other sign
        rules = [*bundle.rules]
        rules[1] = replace(rules[1], intercept=-rules[1].intercept)
        weights["tag_head.value.weight"][1] *= -1
        weights["tag_head.bias"][1] *= -1
        bundle = replace(bundle, rules=tuple(rules))
    elif name == "shuffled":
        order = torch.tensor([1, 2, 3, 0])
        weights["tag_head.value.weight"] = weights["tag_head.value.weight"][order]
    elif name == "forgetful":  # its tags stay
        torch.manual_seed(9)
        weights = {key: w if key.startswith("tag_head.") else torch.randn_like(w) for key, w in weights.items()}
    save_bundle(directory, bundle, weights, "# changed\n")
    return directory


def edit_stories(bundle: Path, articles: Sequence[Sequence[str]]) -> list[EditedStory]:
    """Articles of these sentences, as an editor would see them who prints what the bundle chooses."""
    stories = []
    for i, sentences in enumerate(articles):
        ends = list(accumulate(len(sentence) + 1 for sentence in sentences))
        spans = tuple(Span(end - 1 - len(one), end - 1) for one, end in zip(sentences, ends, strict=True))
        stories.append(EditedStory(str(i), None, " ".join(sentences), spans, ()))
    served = serve_stories(Analyzer.load(bundle, "cpu"), stories)
    nothing = frozenset[int]()
    choices = [EditorsChoice(tuple(one.chosen), nothing, nothing, nothing) for one in served]
    return [replace(story, choices=(choice,)) for story, choice in zip(stories, choices, strict=True)]


def test_a_candidate_that_is_as_good_becomes_current(
    store: Store, truth: Path, tmp_path: Path, labelled: list[LabelledStory]
) -> None:
    before = store.current()
    verdict = submit(change_weights(truth, tmp_path / "k", "same"), store, labelled[:60], labelled[60:], CPU)
    assert verdict.is_passed
    assert store.current() == verdict.candidate.digest != before
    event = store.journal()[-1]
    assert (event.action, event.previous, event.details["is_forced"]) == ("promote", before, False)
    assert event.details["data"]["frozen test"]["stories"] == 60
    assert len(event.details["data"]["new data"]["sha256"]) == 64
    assert event.details["result"]["is_passed"] is True


@pytest.mark.parametrize("poison", ["flipped", "shuffled"])
def test_a_poisoned_candidate_is_refused_and_journaled(
    store: Store, truth: Path, tmp_path: Path, labelled: list[LabelledStory], poison: str
) -> None:
    before = store.current()
    candidate = change_weights(truth, tmp_path / "k", poison)
    verdict = submit(candidate, store, labelled[:60], labelled[60:], CPU)
    assert not verdict.is_passed
    assert store.current() == before
    event = store.journal()[-1]
    assert (event.action, event.digest) == ("refuse", verdict.candidate.digest)
    assert event.details["result"]["reasons"] == list(verdict.reasons)
    labels = {figure for _, figure in failed(verdict) if figure.startswith("F1 ")}
    assert labels == ({"F1 security"} if poison == "flipped" else {f"F1 {label}" for label in LABELS})
    submit(candidate, store, labelled[:60], labelled[60:], replace(CPU, is_forced=True))
    assert store.current() == verdict.candidate.digest
    event = store.journal()[-1]
    assert (event.action, event.details["is_forced"]) == ("promote", True)


def test_a_candidate_that_no_longer_chooses_what_editors_print_is_refused(
    store: Store, truth: Path, tmp_path: Path, labelled: list[LabelledStory], texts: list[str]
) -> None:
    """The editors print what the current version chooses."""
    edited = edit_stories(truth, [texts[i : i + 10] for i in range(0, len(texts), 10)])
    candidate = change_weights(truth, tmp_path / "k", "forgetful")
    before = store.current()
    verdict = submit(candidate, store, labelled[:60], labelled[60:], replace(CPU, edited=edited))
    assert failed(verdict) == {("edited articles", "credit")}
    assert find(verdict, "credit", "edited articles").verdict == "worse"
    assert store.current() == before


def test_a_candidate_whose_scores_are_no_numbers_leaves_the_current_one(
    store: Store, truth: Path, tmp_path: Path, labelled: list[LabelledStory]
) -> None:
    before = store.current()
    weights = load_file(truth / "weights.safetensors")
    weights["tag_head.bias"] *= float("nan")
    save_bundle(tmp_path / "k", load_manifest(truth), weights, "# nan\n")
    with pytest.raises(BundleError, match="gives scores that are not numbers"):
        submit(tmp_path / "k", store, labelled, [], CPU)
    assert store.current() == before


def test_a_version_promoted_meanwhile_stops_the_promotion(
    store: Store, truth: Path, tmp_path: Path, labelled: list[LabelledStory], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store.add(change_weights(truth, tmp_path / "other", "other")).digest

    def judge_slowly(*arguments: Any) -> Verdict:
        store.promote(other, instead_of=store.current())
        return judge(*arguments)

    monkeypatch.setattr("copydesk.training.release.gate.judge", judge_slowly)
    with pytest.raises(StoreError, match="compare with that one"):
        submit(change_weights(truth, tmp_path / "k", "same"), store, labelled, [], CPU)
    assert store.current() == other


def test_the_first_version_is_compared_with_the_bundle_that_ships_if_it_knows_the_same_labels(
    tmp_path: Path, truth: Path, labelled: list[LabelledStory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "copydesk.training.release.gate.DEFAULT_BUNDLE", change_weights(truth, tmp_path / "ships", "ships")
    )
    store = Store(tmp_path / "models")
    verdict = submit(change_weights(truth, tmp_path / "k", "flipped"), store, labelled, [], CPU)
    assert verdict.current is not None
    assert verdict.current.name == "ships"
    assert not verdict.is_passed
    assert store.current() is None
    verdict = submit(truth, store, labelled, [], CPU)
    assert verdict.is_passed
    assert store.current() == verdict.candidate.digest

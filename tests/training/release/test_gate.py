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
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule
from copydesk.training.data.editors import EditedStory, EditorsChoice
from copydesk.training.data.stories import LabelledStory
from copydesk.training.evaluation.editors import serve_stories
from copydesk.training.evaluation.tags import calibrate, story_logits
from copydesk.training.metrics.bootstrap import Interval
from copydesk.training.metrics.quality import Floats
from copydesk.training.release.figures import Check, Tolerances
from copydesk.training.release.flips import Flip
from copydesk.training.release.gate import Terms, Verdict, judge, submit
from copydesk.training.release.history import FROZEN, NEW
from copydesk.training.release.scored import ScoredBundle
from support.tiny import LABELS, make_tiny_bundle

N_STORIES = 400
SETS = (FROZEN, NEW)
CPU = Terms(device="cpu")


def make_bundle(name: str, labels: Sequence[str] = LABELS) -> Bundle:
    rules = tuple(LabelRule(label) for label in labels)
    return Bundle(name, rules, "none", None, "", 32, HeadConfig(), 1.0, digest=name[0] * 64)


def make_targets(seed: int, labels: Sequence[str] = LABELS) -> Floats:
    return (np.random.default_rng(seed).random((N_STORIES, len(labels))) < 0.3).astype(np.float64)


def make_stories(targets: Floats, labels: Sequence[str] = LABELS) -> list[LabelledStory]:
    return [
        LabelledStory(f"Story {i}.", frozenset(label for label, t in zip(labels, row, strict=True) if t))
        for i, row in enumerate(targets)
    ]


TARGETS = {name: make_targets(seed) for seed, name in enumerate(SETS)}
STORIES = {name: make_stories(targets) for name, targets in TARGETS.items()}


def learned(truth: Floats, seed: int, share_right: float = 0.95) -> Floats:
    """Scores of a model that is right so often, and says so: 0.95 for what it assigns, 0.05 for the rest."""
    random = np.random.default_rng(seed)
    is_right = random.random(truth.shape) < share_right
    return np.where((truth > 0) == is_right, share_right, 1 - share_right)


def make_version(name: str, seed: int, share_right: float = 0.95, **changed: Any) -> ScoredBundle:
    scores = {place: learned(targets, seed + i, share_right) for i, (place, targets) in enumerate(TARGETS.items())}
    return ScoredBundle(make_bundle(name), scores, **changed)


CURRENT = make_version("current", 10)


def failed(verdict: Verdict) -> set[tuple[str, str]]:
    return {(check.place, check.figure) for check in verdict.checks if not check.is_held}


def find(verdict: Verdict, figure: str, place: str = FROZEN) -> Check:
    (check,) = [check for check in verdict.checks if (check.place, check.figure) == (place, figure)]
    return check


def test_candidates_as_good_pass_where_the_test_can_tell() -> None:
    """Of a fifth of the decisions it is drawn anew which are right: as after training on."""
    for seed in range(4):
        random = np.random.default_rng(1000 + seed)
        targets = (random.random((2000, len(LABELS))) < 0.3).astype(np.float64)
        before = learned(targets, seed)
        after = np.where(random.random(targets.shape) < 0.2, learned(targets, 900 + seed), before)
        current, candidate = (ScoredBundle(make_bundle(name), {FROZEN: s}) for name, s in (("c", before), ("k", after)))
        verdict = judge(candidate, current, {FROZEN: make_stories(targets)})
        assert verdict.is_passed
        assert all(check.can_tell and check.verdict == "held" for check in verdict.checks)


def small_test(*, lost: bool) -> Verdict:
    """31 stories, eight of each label, one wrong tag; `lost`: and one that wrong corrections cost."""
    labels = ("trade", "security", "drugs")
    targets = np.zeros((31, 3))
    for i in range(3):
        targets[8 * i : 8 * i + 8, i] = 1
    before = np.where(targets > 0, 0.95, 0.05)
    before[30, 0] = 0.95
    after = before.copy()
    if lost:
        after[17, 2] = 0.2
    current, candidate = (
        ScoredBundle(make_bundle(name, labels), {FROZEN: scores}) for name, scores in (("c", before), ("k", after))
    )
    stories = [replace(story, id=f"s{i}") for i, story in enumerate(make_stories(targets, labels))]
    return judge(candidate, current, {FROZEN: stories})


def test_a_worse_version_does_not_pass_a_test_that_cannot_tell() -> None:
    verdict = small_test(lost=True)
    drugs, macro = find(verdict, "F1 drugs"), find(verdict, "macro-F1")
    assert [macro.current, macro.candidate] == pytest.approx([0.980, 0.958], abs=5e-4)
    assert [drugs.current, drugs.candidate] == pytest.approx([1, 14 / 15])
    assert not verdict.is_passed
    assert failed(verdict) == {(FROZEN, "macro-F1"), (FROZEN, "F1 drugs")}
    assert (drugs.can_tell, macro.can_tell) == (False, False)
    assert drugs.power is not None
    assert macro.power is not None
    # Three labels: five stories must be lost before (1 - k / 31)^31 is below 0.025 / 3, so 8 hits become 3.
    assert drugs.power.least == pytest.approx(1 - 2 * 3 / (3 + 8))
    assert verdict.headline == "Cannot tell"
    assert drugs.verdict == "cannot tell"
    assert drugs.note.startswith("cannot tell: a loss shows from 0.455 on, 0.02 is tolerated; about ")
    assert verdict.reasons[0].startswith("macro-F1 on the frozen test: 0.980 -> 0.958, cannot tell: a loss shows from ")
    assert verdict.flips == (Flip(FROZEN, "s17", "drugs", 0.95, 0.2, is_given=False, is_right=False),)
    kept = verdict.to_journal()
    assert (kept["n_flips"], kept["flips"][0]["story"]) == (1, "s17")
    assert (kept["figures"][0]["figure"], kept["figures"][0]["least_noticeable"]) == ("macro-F1", macro.power.least)


def test_a_version_that_is_no_worse_passes_a_test_that_cannot_tell() -> None:
    verdict = small_test(lost=False)
    assert verdict.is_passed
    assert {check.figure for check in verdict.checks if not check.can_tell} == {
        "macro-F1",
        "F1 trade",
        "F1 security",
        "F1 drugs",
    }
    assert verdict.flips == ()


def test_what_the_new_data_cannot_tell_stops_nothing() -> None:
    targets = {FROZEN: TARGETS[FROZEN], NEW: TARGETS[NEW][:40]}
    right = {place: np.where(values > 0, 0.95, 0.05) for place, values in targets.items()}
    lost = {**right, NEW: right[NEW].copy()}
    lost[NEW][np.argmax(targets[NEW][:, 3]), 3] = 0.2
    current, candidate = (ScoredBundle(make_bundle(name), s) for name, s in (("c", right), ("k", lost)))
    verdict = judge(candidate, current, {place: make_stories(values) for place, values in targets.items()})
    assert verdict.is_passed
    check = find(verdict, "F1 drugs", NEW)
    assert (check.can_tell, check.is_held, check.change < 0) == (False, True, True)


def test_a_better_candidate_passes() -> None:
    verdict = judge(make_version("k", 20, 0.99), CURRENT, STORIES)
    assert verdict.is_passed
    assert find(verdict, "macro-F1").change > 0.02


def test_a_candidate_that_learned_shuffled_labels_is_refused() -> None:
    order = np.random.default_rng(5).permutation(N_STORIES)
    scores = {place: learned(targets[order], 30) for place, targets in TARGETS.items()}
    verdict = judge(ScoredBundle(make_bundle("k"), scores), CURRENT, STORIES)
    assert {(place, "macro-F1") for place in SETS} <= failed(verdict)
    assert verdict.reasons[0].startswith(f"macro-F1 on the frozen test: {find(verdict, 'macro-F1').current:.3f} -> 0.3")


def test_a_candidate_with_one_label_flipped_is_refused_and_the_label_named() -> None:
    scores = {place: values.copy() for place, values in make_version("k", 20, 0.99).scores.items()}
    for values in scores.values():
        values[:, 2] = 1 - values[:, 2]
    verdict = judge(ScoredBundle(make_bundle("k"), scores), CURRENT, STORIES)
    labels = {figure for _, figure in failed(verdict) if figure.startswith("F1 ")}
    assert labels == {"F1 taiwan"}
    assert any("F1 taiwan on the new data" in reason for reason in verdict.reasons)


def test_poison_in_the_new_data_does_not_hide_from_the_frozen_test() -> None:
    """The new data has one label flipped, and the candidate learned just that."""
    poisoned = {**TARGETS, NEW: TARGETS[NEW].copy()}
    poisoned[NEW][:, 0] = 1 - poisoned[NEW][:, 0]
    learned_poison = {FROZEN: TARGETS[FROZEN].copy(), NEW: poisoned[NEW]}
    learned_poison[FROZEN][:, 0] = 1 - TARGETS[FROZEN][:, 0]
    candidate = ScoredBundle(make_bundle("k"), {place: learned(t, 40, 0.99) for place, t in learned_poison.items()})
    verdict = judge(candidate, CURRENT, {place: make_stories(targets) for place, targets in poisoned.items()})
    assert (FROZEN, "F1 trade") in failed(verdict)
    assert not any(place == NEW for place, _ in failed(verdict))


def test_scores_that_no_longer_mean_what_they_say_are_refused() -> None:
    timid = {place: np.where(values > 0.5, 0.6, 0.4) for place, values in CURRENT.scores.items()}
    verdict = judge(ScoredBundle(make_bundle("k"), timid), CURRENT, STORIES)
    assert failed(verdict) == {(FROZEN, "ECE"), (NEW, "ECE")}
    check = find(verdict, "ECE")
    # Of the assigned 89 % are right and say 0.6 for 0.95; of the others 2 % are missed and say 0.4 for 0.05.
    assert check.change == pytest.approx(0.32 * (0.29 - 0.06) + 0.68 * (0.38 - 0.03), abs=0.03)
    assert check.change_interval is not None
    assert check.change_interval.low < check.change < check.change_interval.high


def test_a_label_may_lose_what_is_tolerated() -> None:
    scores = {place: values.copy() for place, values in make_version("k", 20, 0.99).scores.items()}
    for values in scores.values():
        values[:, 3] = make_version("k", 50, 0.85).scores[FROZEN][:, 3]
    candidate = ScoredBundle(make_bundle("k"), {FROZEN: scores[FROZEN]})
    stories = {FROZEN: STORIES[FROZEN]}
    assert failed(judge(candidate, CURRENT, stories)) >= {(FROZEN, "F1 drugs")}
    allowed = Tolerances(labels={"drugs": 0.5}, macro=1.0, calibration=1.0)
    assert judge(candidate, CURRENT, stories, allowed).is_passed


def test_a_label_that_hardly_occurs_is_shown_and_not_judged() -> None:
    targets = TARGETS[FROZEN].copy()
    targets[:, 1] = 0
    targets[:7, 1] = 1
    scores = CURRENT.scores[FROZEN].copy()
    scores[:, 1] = np.where(targets[:, 1] > 0, 0.95, 0.05)
    current = ScoredBundle(make_bundle("current"), {FROZEN: scores})
    lost = scores.copy()
    lost[:, 1] = 0.05
    verdict = judge(
        ScoredBundle(make_bundle("k"), {FROZEN: lost}), current, {FROZEN: make_stories(targets)}, Tolerances(macro=1)
    )
    check = find(verdict, "F1 security")
    assert (check.is_held, check.candidate) == (True, 0)
    assert check.note == "too few to tell: 7 stories carry it, 8 are needed"


def test_one_label_flipped_among_ninety_is_refused() -> None:
    labels = tuple(f"label {n}" for n in range(90))
    targets = make_targets(3, labels)
    stories = {FROZEN: make_stories(targets, labels)}
    current, candidate = (learned(targets, seed, 0.98) for seed in (4, 5))
    candidate[:, 44] = 1 - candidate[:, 44]
    versions = [ScoredBundle(make_bundle("k", labels), {FROZEN: scores}) for scores in (candidate, current)]
    assert (FROZEN, "F1 label 44") in failed(judge(versions[0], versions[1], stories))


def test_new_data_that_is_too_small_is_shown_and_not_judged() -> None:
    sets = {FROZEN: STORIES[FROZEN], NEW: STORIES[NEW][:3]}
    wrong = {FROZEN: CURRENT.scores[FROZEN], NEW: 1 - TARGETS[NEW][:3]}
    right = {FROZEN: CURRENT.scores[FROZEN], NEW: TARGETS[NEW][:3]}
    for current in (ScoredBundle(make_bundle("current"), right), None):
        verdict = judge(ScoredBundle(make_bundle("k"), wrong), current, sets)
        assert verdict.is_passed
        assert {check.note for check in verdict.checks if check.place == NEW} == {"too few stories to tell"}


def test_rouge_may_fall_by_a_little_and_not_by_more() -> None:
    rouge = np.random.default_rng(0).normal(40, 5, (300, 3))
    current = replace(CURRENT, rouge=rouge)
    for loss, is_passed in ((0.2, True), (0.5, False)):
        verdict = judge(replace(CURRENT, bundle=make_bundle("k"), rouge=rouge - loss), current, STORIES)
        assert verdict.is_passed == is_passed
    assert failed(verdict) == {("summaries", kind) for kind in ("rouge1", "rouge2", "rougeLsum")}


def test_an_article_that_one_version_cannot_sum_up_is_left_out_for_both() -> None:
    rouge = np.full((10, 3), 40.0)
    lost = rouge.copy()
    lost[0] = np.nan
    current, candidate = (replace(CURRENT, rouge=values) for values in (rouge, lost))
    assert find(judge(candidate, current, STORIES), "rouge1", "summaries").candidate == 40


CREDIT = np.random.default_rng(0).choice([0.0, 0.5, 1.0], (300, 3))  # of 300 articles, with the shares beside it


def test_credit_may_fall_by_a_little_and_not_by_more() -> None:
    current = replace(CURRENT, credit=CREDIT)
    for loss, is_passed in ((0.015, True), (0.05, False)):
        credit = CREDIT - [loss, 0, 0]
        verdict = judge(replace(CURRENT, bundle=make_bundle("k"), credit=credit), current, STORIES)
        assert verdict.is_passed == is_passed
    assert failed(verdict) == {("edited articles", "credit")}
    before = CREDIT[:, 0].mean()
    assert verdict.reasons == (
        f"credit on the edited articles: {before:.3f} -> {before - 0.05:.3f}, "
        "worse by 0.050 beyond noise, 0.02 is tolerated",
    )
    assert [figure["figure"] for figure in verdict.to_journal()["figures"]][-1] == "credit"


def test_too_few_edited_articles_cannot_tell_of_a_loss() -> None:
    few = CREDIT[:30]
    lost = few.copy()
    lost[:, 0] = np.roll(few[:, 0], 1) - 0.03
    versions = [replace(CURRENT, credit=credit) for credit in (lost, few)]
    verdict = judge(versions[0], versions[1], STORIES)
    check = find(verdict, "credit", "edited articles")
    assert (check.is_held, check.can_tell, check.verdict) == (False, False, "cannot tell")
    assert verdict.headline == "Cannot tell"


def test_furniture_and_dangling_sentences_are_shown_and_not_judged() -> None:
    worse = CREDIT + np.array([0, 0.5, 0.5])
    verdict = judge(replace(CURRENT, credit=worse), replace(CURRENT, credit=CREDIT), STORIES)
    assert verdict.is_passed
    for name in ("furniture", "dangling"):
        check = find(verdict, name, "edited articles")
        assert check.change == pytest.approx(0.5)
        assert check.verdict == "not judged"


def test_credit_without_a_current_version_is_shown() -> None:
    check = find(judge(replace(make_version("k", 60), credit=CREDIT), None, STORIES), "credit", "edited articles")
    assert (check.current, check.candidate, check.is_held) == (None, CREDIT[:, 0].mean(), True)


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


# The rest takes the whole way, with tiny bundles and stories labelled by one of them.


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

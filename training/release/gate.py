"""The gate: a candidate becomes current only when it is no worse than the current version."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, Bundle, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.files.json import JsonObject
from copydesk.training.data.check import MIN_EXAMPLES
from copydesk.training.data.editors import EditedStory
from copydesk.training.data.notes import N_TO_JUDGE, list_first
from copydesk.training.data.stories import LabelledStory, story_targets
from copydesk.training.metrics.credit import CREDIT
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.release.checks import check_credit, check_summaries, check_tags, has_enough
from copydesk.training.release.figures import ERROR, Check, Tolerances
from copydesk.training.release.flips import Flip, find_flips
from copydesk.training.release.history import FROZEN, MACRO, NEW
from copydesk.training.release.scored import ScoredBundle, Sets, score_bundle

_N_KEPT = 50  # flips in an entry of the journal


@dataclass(frozen=True)
class Terms:
    """On what terms a candidate is judged.

    summaries: Parquet with article and highlights, to compare ROUGE on; edited: articles with what editors would print,
    to compare credit on; is_forced: it is promoted whatever comes out; is_held: it is neither promoted nor refused,
    because a person decides.
    """

    tolerances: Tolerances = field(default_factory=Tolerances)
    summaries: str | None = None
    edited: Sequence[EditedStory] = ()
    is_forced: bool = False
    is_held: bool = False
    device: str = "auto"


@dataclass(frozen=True)
class Verdict:
    """Both versions, every check, the tags that they decide differently, and why the candidate is refused, if so."""

    candidate: Bundle
    current: Bundle | None
    checks: tuple[Check, ...]
    reasons: tuple[str, ...]
    flips: tuple[Flip, ...] = ()

    @property
    def is_passed(self) -> bool:
        """The candidate may become current."""
        return not self.reasons

    @property
    def headline(self) -> str:
        """What it comes to, in two or three words."""
        if self.is_passed:
            return "No worse"
        lost = [check for check in self.checks if not check.is_held]
        return "Not good enough" if any(check.can_tell for check in lost) else "Cannot tell"

    def checks_by_place(self) -> list[tuple[str, list[Check]]]:
        """The checks on each set of stories or articles."""
        return [(place, list(checks)) for place, checks in groupby(self.checks, key=lambda check: check.place)]

    def to_json(self) -> JsonObject:
        """All of it as JSON values."""
        versions = {"candidate": _identity(self.candidate), "current": self.current and _identity(self.current)}
        checks = [{**asdict(check), "verdict": check.verdict} for check in self.checks]
        flips = [asdict(flip) for flip in self.flips]
        head = {**versions, "is_passed": self.is_passed, "headline": self.headline, "reasons": list(self.reasons)}
        return {**head, "checks": checks, "flips": flips}

    def to_journal(self) -> JsonObject:
        """What the journal keeps: the reasons, the figures over all labels, and the first flips."""
        overall = [check for check in self.checks if check.figure in (MACRO, ERROR, CREDIT, *KINDS)]
        return {
            "is_passed": self.is_passed,
            "headline": self.headline,
            "reasons": list(self.reasons),
            "figures": [_figure(check) for check in overall],
            "n_flips": len(self.flips),
            "flips": [asdict(flip) for flip in self.flips[:_N_KEPT]],
        }


def judge(
    candidate: ScoredBundle,
    current: ScoredBundle | None,
    sets: Sets,
    tolerances: Tolerances | None = None,
    *,
    decisive: str = FROZEN,
) -> Verdict:
    """The verdict on the sets that both versions have scored; without stories in the decisive one nothing passes.

    What the other sets cannot tell is shown, and stops nothing.
    """
    allowed = tolerances or Tolerances()
    checks = [
        check
        for place, stories in sets.items()
        if stories
        for check in check_tags(place, stories, candidate, current, allowed)
    ]
    checks = [check if check.place == decisive or check.can_tell else replace(check, is_held=True) for check in checks]
    checks += check_summaries(candidate, current, allowed) + check_credit(candidate, current, allowed)
    flips = [
        flip
        for place, stories in sets.items()
        if stories and current
        for flip in find_flips(place, stories, candidate, current)
    ]
    reasons = _explain_small_test(decisive, sets.get(decisive, ()), candidate)
    reasons += [check.reason for check in checks if not check.is_held]
    rival = current.bundle if current else None
    return Verdict(candidate.bundle, rival, tuple(checks), tuple(reasons), tuple(flips))


def submit(
    bundle: Path,
    store: Store,
    frozen_test: Sequence[LabelledStory],
    new_data: Sequence[LabelledStory],
    terms: Terms,
) -> Verdict:
    """Add the bundle to the store, judge it against the current version, and promote it if it passed or by force.

    frozen_test: stories that were held out before the new data came, so that faults of the new data cannot hide in
    it; new_data: those of the new stories that the bundle did not learn from. What was decided, on which stories and
    why, goes into the journal. Raises StoreError when another version became current meanwhile.
    """
    digest = store.add(bundle).digest
    current = store.current()
    sets = {FROZEN: frozen_test, NEW: new_data}
    candidate = score_bundle(store.path(digest), sets, terms.summaries, terms.edited, device=terms.device)
    rival = find_rival(store, current, candidate.bundle)
    scored = score_bundle(rival, sets, terms.summaries, terms.edited, device=terms.device) if rival else None
    verdict = judge(candidate, scored, sets, terms.tolerances)
    data = {name: describe_stories(stories) for name, stories in sets.items()}
    details = {"data": data, "summaries": terms.summaries, "result": verdict.to_journal()}
    if terms.is_held:
        return verdict
    if verdict.is_passed or terms.is_forced:
        store.promote(digest, instead_of=current, is_forced=not verdict.is_passed, **details)
    else:
        store.refuse(digest, instead_of=current, **details)
    return verdict


def find_rival(store: Store, current: str | None, candidate: Bundle) -> Path | None:
    """The current version; before the first promotion the bundle that ships, if it knows the same labels."""
    if current is not None:
        return store.path(current)
    is_alike = set(load_manifest(DEFAULT_BUNDLE).labels) == set(candidate.labels)
    return DEFAULT_BUNDLE if is_alike else None


def describe_stories(stories: Sequence[LabelledStory]) -> JsonObject:
    """Their number, and a SHA-256 of their texts and labels, whatever their order."""
    rows = sorted([story.fingerprint, sorted(story.labels), sorted(story.unsure)] for story in stories)
    return {"stories": len(stories), "sha256": hashlib.sha256(json.dumps(rows).encode()).hexdigest()}


def _explain_small_test(name: str, stories: Sequence[LabelledStory], candidate: ScoredBundle) -> list[str]:
    """A test that can show nothing lets nothing pass; what it lacks, in numbers."""
    labels = candidate.bundle.labels
    if has_enough(stories, labels):
        return []
    support = (story_targets(stories, labels) > 0).sum(axis=0) if stories else [0] * len(labels)
    counts = list_first([f"{label} has {n}" for label, n in zip(labels, support, strict=True)])
    return [
        f"the {name} has {len(stories)} stories: too few to tell. Each label needs {MIN_EXAMPLES} there to be judged, "
        f"which a store sets aside of about {N_TO_JUDGE} labelled ones; {counts}"
    ]


def _figure(check: Check) -> JsonObject:
    """A figure as the journal keeps it."""
    least = check.power and check.power.least
    names = {"place": check.place, "figure": check.figure, "current": check.current, "candidate": check.candidate}
    return {**names, "least_noticeable": least, "verdict": check.verdict}


def _identity(bundle: Bundle) -> JsonObject:
    return {"name": bundle.name, "digest": bundle.digest, "labels": list(bundle.labels)}

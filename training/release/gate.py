"""The gate: a candidate becomes current only when it is no worse than the current version."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, Bundle, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.files.json import JsonObject
from copydesk.training.data.check import MIN_EXAMPLES
from copydesk.training.data.stories import LabelledStory
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.release.checks import ERROR, MACRO, Check, Tolerances, check_summaries, check_tags, has_enough
from copydesk.training.release.scored import ScoredBundle, Sets, score_bundle

FROZEN, NEW = "frozen test", "new data"


@dataclass(frozen=True)
class Terms:
    """On what terms a candidate is judged.

    summaries: Parquet with article and highlights, to compare ROUGE on; is_forced: it is promoted whatever comes out.
    """

    tolerances: Tolerances = field(default_factory=Tolerances)
    summaries: str | None = None
    is_forced: bool = False
    device: str = "auto"


@dataclass(frozen=True)
class Verdict:
    """Both versions, every check, and why the candidate may not become current, if so."""

    candidate: Bundle
    current: Bundle | None
    checks: tuple[Check, ...]
    reasons: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """The candidate may become current."""
        return not self.reasons

    def checks_by_place(self) -> list[tuple[str, list[Check]]]:
        """The checks on each set of stories or articles."""
        return [(place, list(checks)) for place, checks in groupby(self.checks, key=lambda check: check.place)]

    def to_json(self) -> JsonObject:
        """All of it as JSON values."""
        versions = {"candidate": _identity(self.candidate), "current": self.current and _identity(self.current)}
        checks = [asdict(check) for check in self.checks]
        return {**versions, "is_passed": self.is_passed, "reasons": list(self.reasons), "checks": checks}

    def to_journal(self) -> JsonObject:
        """What the journal keeps: the reasons, and the figures over all labels."""
        overall = [check for check in self.checks if check.figure in (MACRO, ERROR, *KINDS)]
        figures = [
            {"place": c.place, "figure": c.figure, "current": c.current, "candidate": c.candidate} for c in overall
        ]
        return {"is_passed": self.is_passed, "reasons": list(self.reasons), "figures": figures}


def judge(
    candidate: ScoredBundle,
    current: ScoredBundle | None,
    sets: Sets,
    tolerances: Tolerances | None = None,
    *,
    decisive: str = FROZEN,
) -> Verdict:
    """The verdict on the sets that both versions have scored; without stories in the decisive one nothing passes."""
    allowed = tolerances or Tolerances()
    checks = [
        check
        for place, stories in sets.items()
        if stories
        for check in check_tags(place, stories, candidate, current, allowed)
    ]
    checks += check_summaries(candidate, current, allowed)
    reasons = _explain_small_test(decisive, sets.get(decisive, ()), candidate)
    reasons += [check.reason for check in checks if not check.is_held]
    return Verdict(candidate.bundle, current.bundle if current else None, tuple(checks), tuple(reasons))


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
    candidate = score_bundle(store.path(digest), sets, terms.summaries, terms.device)
    rival = find_rival(store, current, candidate.bundle)
    scored = score_bundle(rival, sets, terms.summaries, terms.device) if rival else None
    verdict = judge(candidate, scored, sets, terms.tolerances)
    data = {name: describe_stories(stories) for name, stories in sets.items()}
    details = {"data": data, "summaries": terms.summaries, "result": verdict.to_journal()}
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
    """A test that can show nothing lets nothing pass."""
    if has_enough(stories, candidate.bundle.labels):
        return []
    return [
        f"the {name} has {len(stories)} stories and {MIN_EXAMPLES} of no label of the candidate: too few to tell; "
        "label more"
    ]


def _identity(bundle: Bundle) -> JsonObject:
    return {"name": bundle.name, "digest": bundle.digest, "labels": list(bundle.labels)}

"""Versions that are right about a share of made-up stories, and how a verdict on them is read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule
from copydesk.training.data.stories import LabelledStory
from copydesk.training.metrics.quality import Floats
from copydesk.training.release.figures import Check
from copydesk.training.release.gate import Verdict
from copydesk.training.release.history import FROZEN, NEW
from copydesk.training.release.scored import ScoredBundle
from support.tiny import LABELS

N_STORIES = 400


SETS = (FROZEN, NEW)


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

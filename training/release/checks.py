"""Figures of a candidate beside those of the current version, each with what it may lose."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from copydesk.training.data.check import MIN_EXAMPLES
from copydesk.training.data.stories import LabelledStory, story_targets
from copydesk.training.metrics.bootstrap import compare_calibration, compare_f1, compare_paired
from copydesk.training.metrics.credit import CREDIT, FIGURES
from copydesk.training.metrics.quality import Decisions, Floats, all_quality, calibration_error, macro_f1
from copydesk.training.metrics.rouge import KINDS
from copydesk.training.release.figures import ALPHA, ERROR, Check, Tolerances, alpha_of, compare, is_beyond_noise
from copydesk.training.release.history import MACRO
from copydesk.training.release.power import count_noticeable, f1_floors, macro_floor
from copydesk.training.release.scored import ScoredBundle

EDITED = "edited articles"


def check_tags(
    place: str,
    stories: Sequence[LabelledStory],
    candidate: ScoredBundle,
    current: ScoredBundle | None,
    tolerances: Tolerances,
) -> list[Check]:
    """Checks of the tags: macro-F1 and calibration over the labels in common, then each label.

    Without a current version, or without labels in common, the candidate must beat the assignment of every label to
    every story.
    """
    labels = candidate.bundle.labels
    known = current.bundle.labels if current else ()
    common = [label for label in labels if label in known]
    checks: list[Check] = []
    if current and common:
        checks += _check_common(place, stories, common, candidate, current, tolerances=tolerances)
    else:
        checks += _check_first(place, stories, candidate, tolerances)
    added = [label for label in labels if label not in known]
    checks += _check_added(place, stories, candidate, added)
    if current:
        checks += _show_removed(place, stories, current, [label for label in known if label not in labels])
    if has_enough(stories, labels):
        return checks
    return [replace(check, is_held=True, note="too few stories to tell") for check in checks]


def has_enough(stories: Sequence[LabelledStory], labels: Sequence[str]) -> bool:
    """Some label is carried by so many of the stories that they can show something."""
    return bool(stories) and bool(((story_targets(stories, labels) > 0).sum(axis=0) >= MIN_EXAMPLES).any())


def check_summaries(candidate: ScoredBundle, current: ScoredBundle | None, tolerances: Tolerances) -> list[Check]:
    """Checks of each kind of ROUGE on the articles that both versions sum up; shown alone without a current one."""
    if candidate.rouge is None:
        return []
    if current is None or current.rouge is None:
        means = np.nanmean(candidate.rouge, axis=0)
        return [Check("summaries", kind, None, float(mean)) for kind, mean in zip(KINDS, means, strict=True)]
    both = np.isfinite(candidate.rouge).all(axis=1) & np.isfinite(current.rouge).all(axis=1)
    ours, theirs = candidate.rouge[both], current.rouge[both]
    checks = []
    for i, kind in enumerate(KINDS):
        loss = compare_paired(theirs[:, i], ours[:, i])
        values = (float(theirs[:, i].mean()), float(ours[:, i].mean()))
        checks.append(compare("summaries", kind, values, loss, tolerances.rouge, n_stories=len(ours)))
    return checks


def check_credit(candidate: ScoredBundle, current: ScoredBundle | None, tolerances: Tolerances) -> list[Check]:
    """A check of the credit on the articles that editors have read; the shares beside it, or all of it without a
    current version, are shown alone."""
    ours, theirs = candidate.credit, current.credit if current else None
    if ours is None:
        return []
    now = dict(zip(FIGURES, ours.mean(axis=0).tolist(), strict=True))
    if theirs is None:
        return [Check(EDITED, figure, None, value) for figure, value in now.items()]
    before = dict(zip(FIGURES, theirs.mean(axis=0).tolist(), strict=True))
    loss = compare_paired(theirs[:, FIGURES.index(CREDIT)], ours[:, FIGURES.index(CREDIT)])
    values = (before[CREDIT], now[CREDIT])
    credit = compare(EDITED, CREDIT, values, loss, tolerances.credit, n_stories=len(ours))
    shown = [Check(EDITED, name, before[name], now[name], note="not judged") for name in FIGURES if name != CREDIT]
    return [credit, *shown]


def _check_common(
    place: str,
    stories: Sequence[LabelledStory],
    labels: Sequence[str],
    candidate: ScoredBundle,
    current: ScoredBundle,
    *,
    tolerances: Tolerances,
) -> Iterator[Check]:
    targets, n_stories = story_targets(stories, labels), len(stories)
    ours, theirs = candidate.decide(place, labels), current.decide(place, labels)
    losses, macro = compare_f1(targets, theirs, ours)
    before, now = _f1(targets, theirs, labels), _f1(targets, ours, labels)
    floor = macro_floor(f1_floors(targets, theirs, count_noticeable(n_stories, ALPHA)))
    values = (before[MACRO], now[MACRO])
    yield compare(place, MACRO, values, macro, tolerances.macro, n_stories=n_stories, floor=floor)
    our_scores, their_scores = (version.scores[place][:, version.columns(labels)] for version in (candidate, current))
    loss = compare_calibration(targets, our_scores, their_scores)
    errors = (_mean_error(targets, their_scores), _mean_error(targets, our_scores))
    yield compare(place, ERROR, errors, loss, tolerances.calibration, n_stories=n_stories)
    support = (targets > 0).sum(axis=0)
    n_judged = max(1, int((support >= MIN_EXAMPLES).sum()))
    floors = f1_floors(targets, theirs, count_noticeable(n_stories, alpha_of(n_judged)))
    for label, label_loss, n, floor in zip(labels, losses, support, floors, strict=True):
        figure, values, allowed = f"F1 {label}", (before[label], now[label]), tolerances.of(label)
        if label_loss is None or n < MIN_EXAMPLES:
            yield Check(place, figure, *values, note=_explain_few(n))
        else:
            yield compare(
                place, figure, values, label_loss, allowed, n_stories=n_stories, n_judged=n_judged, floor=floor
            )


def _check_first(
    place: str, stories: Sequence[LabelledStory], candidate: ScoredBundle, tolerances: Tolerances
) -> Iterator[Check]:
    labels = candidate.bundle.labels
    targets, ours = story_targets(stories, labels), candidate.decide(place, labels)
    always = np.ones_like(ours)
    _, gain = compare_f1(targets, ours, always)
    trivial, now = _f1(targets, always, labels)[MACRO], _f1(targets, ours, labels)[MACRO]
    is_held = gain.p < ALPHA
    note = "better than every label on every story" if is_held else "not better than every label on every story"
    yield Check(place, MACRO, None, now, is_held=is_held, note=f"{note} ({trivial:.3f})")
    error = _mean_error(targets, candidate.scores[place])
    limit = tolerances.first_calibration
    yield Check(
        place, ERROR, None, error, tolerance=limit, is_held=error <= limit, note=f"at most {limit:g} without a current"
    )


def _check_added(
    place: str, stories: Sequence[LabelledStory], candidate: ScoredBundle, labels: Sequence[str]
) -> Iterator[Check]:
    """A label that nobody knew before must not be worse than its assignment to every story."""
    targets, ours = story_targets(stories, labels), candidate.decide(place, labels)
    if not labels:
        return
    losses, _ = compare_f1(targets, np.ones_like(ours), ours)
    now, support = _f1(targets, ours, labels), (targets > 0).sum(axis=0)
    for label, loss, n in zip(labels, losses, support, strict=True):
        is_judged = loss is not None and n >= MIN_EXAMPLES
        is_held = not is_judged or loss is None or not is_beyond_noise(loss, len(labels))
        note = "new" if is_judged else f"new; {_explain_few(n)}"
        worse = "" if is_held else ", worse than on every story"
        yield Check(place, f"F1 {label}", None, now[label], is_held=is_held, note=note + worse)


def _show_removed(
    place: str, stories: Sequence[LabelledStory], current: ScoredBundle, labels: Sequence[str]
) -> Iterator[Check]:
    before = _f1(story_targets(stories, labels), current.decide(place, labels), labels) if labels else {}
    for label in labels:
        yield Check(place, f"F1 {label}", before[label], None, note="no longer a label")


def _explain_few(n: int) -> str:
    return f"too few to tell: {n} stories carry it, {MIN_EXAMPLES} are needed"


def _f1(targets: Floats, decisions: Decisions, labels: Sequence[str]) -> dict[str, float]:
    """F1 by label, and their mean under MACRO."""
    quality = all_quality(targets, decisions.astype(np.float64), [0.5] * len(labels), labels)
    return {label: quality[label].f1 for label in labels} | {MACRO: macro_f1(quality)}


def _mean_error(targets: Floats, scores: Floats) -> float:
    pairs = zip(targets.T, scores.T, strict=True)
    return float(np.mean([calibration_error(label_targets, label_scores) for label_targets, label_scores in pairs]))

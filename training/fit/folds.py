"""Cross-fitting: runs that each hold out a part of the texts, so that every text is judged by one that never saw it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analyzer import Analyzer
from copydesk.training.data.editors import EditedStory
from copydesk.training.data.stories import LabelledStory, group_stories
from copydesk.training.evaluation.editors import judge_all, serve_stories
from copydesk.training.evaluation.tags import story_logits
from copydesk.training.fit.example_sets import Texts
from copydesk.training.metrics.credit import CREDIT, FIGURES
from copydesk.training.metrics.quality import Floats

Item = TypeVar("Item")


@dataclass(frozen=True)
class CrossFit:
    """What the runs say of what they did not see.

    logits: float64 [stories, labels]; fold_of: int64 [stories]; credit: of each fold's edited articles, if any.
    """

    logits: Floats
    fold_of: NDArray[np.int64]
    credit: list[float | None]


def cross_fit(texts: Texts, n_folds: int, run: Callable[[Texts, int], Analyzer]) -> CrossFit:
    """Hold out each part in turn. run: trains on these texts, for the fold of this number; the network as served."""
    fold_of, edited_of = _assign_folds(texts, n_folds)
    logits: list[Floats] = []
    credit: list[float | None] = []
    for fold in range(n_folds):
        kept = replace(
            texts,
            stories=_pick(texts.stories, fold_of != fold),
            edited=_pick(texts.edited, edited_of != fold),
        )
        analyzer = run(kept, fold)
        logits.append(story_logits(analyzer, _pick(texts.stories, fold_of == fold)))
        credit.append(_measure_credit(analyzer, _pick(texts.edited, edited_of == fold)))
    whole = np.empty((len(texts.stories), logits[0].shape[1]))
    for fold, own in enumerate(logits):
        whole[fold_of == fold] = own
    return CrossFit(whole, fold_of, credit)


def _assign_folds(texts: Texts, n_folds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The fold of every story and every edited article, by content; near-duplicates stand together."""
    edited = [LabelledStory(story.text, frozenset()) for story in texts.edited]
    together = [*texts.stories, *edited]
    groups = group_stories(together)
    folds = np.array([int(together[group].fingerprint[:8], 16) % n_folds for group in groups])
    return folds[: len(texts.stories)], folds[len(texts.stories) :]


def _pick(items: Sequence[Item], chosen: NDArray[np.bool_]) -> list[Item]:
    return [item for item, is_chosen in zip(items, chosen, strict=True) if is_chosen]


def _measure_credit(analyzer: Analyzer, stories: Sequence[EditedStory]) -> float | None:
    if not stories:
        return None
    judged = judge_all(stories, [served.chosen for served in serve_stories(analyzer, stories)])
    return float(judged[:, FIGURES.index(CREDIT)].mean())

"""Analysed texts for tests of drift: like any others, and with what a test changes about them."""

from collections.abc import Sequence

import numpy as np

from copydesk.model.analysis import Analysis, Coverage, Furniture, Language, StoryAnalysis, Summary, Tag
from copydesk.model.drift.columns import columns_of
from copydesk.model.drift.sums import Sums, Texts, sum_texts
from support.tiny import LABELS

N_WINDOWS = 60  # that limits are drawn from: enough where what drifts does so widely
WIDTH = 32
_TEXT = "Ministers met on Monday. The talks on steel took three days, and nobody was hurt."


def compose_analyses(
    n: int, seed: int = 0, *, rate: float = 0.2, text: str = _TEXT, shift: float = 0.0, language: str | None = "en"
) -> list[Analysis]:
    """Analysed texts; each label is given to this share of them. shift: of their vectors' first number."""
    rng = np.random.default_rng(seed)
    return [_compose(rng, rate, text, shift, language) for _ in range(n)]


def sum_analyses(analyses: Sequence[Analysis], labels: tuple[str, ...] = LABELS) -> Sums:
    """What a window of them comes to."""
    rows = [columns_of(labels).count(analysis) for analysis in analyses]
    return sum_texts(labels, Texts.of(rows, [analysis.story.vector for analysis in analyses]))


def _compose(rng: np.random.Generator, rate: float, text: str, shift: float, language: str | None) -> Analysis:
    scores = np.where(rng.random(len(LABELS)) < rate, rng.beta(8, 2, len(LABELS)), rng.beta(1, 20, len(LABELS)))
    tags = tuple(Tag(label, float(score), score >= 0.5, 0.5, ()) for label, score in zip(LABELS, scores, strict=True))
    vector = rng.normal(size=WIDTH)
    vector[0] += shift * np.sqrt(WIDTH)
    n_tokens = int(rng.lognormal(5.0, 0.5)) + 1
    story = StoryAnalysis(
        0, len(text), None, tags, Summary("", ()), (), tuple((vector / np.linalg.norm(vector)).tolist())
    )
    return Analysis(
        None,
        text,
        story,
        (),
        (Furniture(0, int(rng.integers(0, 10)), "other"),),
        Coverage(len(text), n_tokens, 1, unknown=int(rng.integers(0, 2))),
        language=(language and Language(language, 1.0)) or None,
    )

"""ROUGE of extractive summaries, as the field reports it: rouge-score, with stemming, Lsum over sentences by line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rouge_score.rouge_scorer import RougeScorer

KINDS = ("rouge1", "rouge2", "rougeLsum")


@dataclass(frozen=True)
class SummaryScores:
    """ROUGE F1 in per cent, float64 [articles, 3]: ROUGE-1, ROUGE-2, ROUGE-Lsum."""

    values: NDArray[np.float64]

    @property
    def mean(self) -> tuple[float, float, float]:
        """Means over the articles."""
        one, two, lsum = self.values.mean(0)
        return float(one), float(two), float(lsum)


def score_summaries(summaries: Sequence[Sequence[str]], references: Sequence[str]) -> SummaryScores:
    """Scores of summaries, each a list of sentences, against references with a sentence per line."""
    scorer = RougeScorer(list(KINDS), use_stemmer=True)
    rows = []
    for sentences, reference in zip(summaries, references, strict=True):
        scores = scorer.score(reference, "\n".join(sentences))
        rows.append([100 * scores[kind].fmeasure for kind in KINDS])
    return SummaryScores(np.array(rows, np.float64))

"""ROUGE of extractive summaries, as the field reports it: rouge-score, with stemming, Lsum over sentences by line."""

from collections.abc import Sequence

import numpy as np
from rouge_score.rouge_scorer import RougeScorer

from copydesk.training.metrics.quality import Floats

KINDS = ("rouge1", "rouge2", "rougeLsum")


def score_summaries(summaries: Sequence[Sequence[str]], references: Sequence[str]) -> Floats:
    """ROUGE F1 in per cent, float64 [articles, kinds], of summaries, each a list of sentences.

    references: a sentence per line.
    """
    scorer = RougeScorer(list(KINDS), use_stemmer=True)
    rows = []
    for sentences, reference in zip(summaries, references, strict=True):
        scores = scorer.score(reference, "\n".join(sentences))
        rows.append([100 * scores[kind].fmeasure for kind in KINDS])
    return np.array(rows, np.float64)

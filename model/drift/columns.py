"""What is counted of a text: a row of numbers that add up, and none of its words."""

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import Analysis, StoryAnalysis

Floats = NDArray[np.float64]

# A score's bin: narrow where most scores are, near 0 and 1.
SCORE_EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
NEAR = 0.1  # of its threshold: a decision that could as well have been the other
MAX_LABELS = 5  # of a story that are told apart; the last bin holds more
MIN_TOKENS, N_LENGTHS = 32, 12  # the first length's bin ends here, each further one at twice as much
LANGUAGES = ("en", "es", "zh", "ar", "fr", "de", "ja", "pt", "ru", "it", "ko", "tr", "nl", "pl", "id", "other")
_MAX_CHARACTERS = 65_536  # of a story's text that are looked at: a millisecond


class Columns:
    """Where each count stands in a row, for a model's labels."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        n = len(self.labels)
        widths = {
            "scores": n * (len(SCORE_EDGES) + 1),  # per label, a bin for each range of scores
            "assigned": n,
            "score": n,
            "assigned_score": n,  # the scores of labels that are assigned
            "near_threshold": 1,  # share of the labels
            "labels_per_story": MAX_LABELS + 1,
            "length": N_LENGTHS,
            "language": len(LANGUAGES),  # none where it is in doubt
            "unknown_tokens": 1,  # share
            "subwords_per_word": 1,
            "capitals": 1,  # share of the letters
            "furniture": 1,  # share of the characters
        }
        ends = np.cumsum(list(widths.values())).tolist()
        self.places = {name: slice(end - widths[name], end) for name, end in zip(widths, ends, strict=True)}
        self.n = ends[-1]

    @cached_property
    def _first_bins(self) -> NDArray[np.int64]:
        """Where the bins of each label's scores begin."""
        return np.arange(len(self.labels)) * (len(SCORE_EDGES) + 1)

    def count(self, analysis: Analysis) -> Floats:
        """The row of a text; its main story stands for it. [columns]"""
        row, at = np.zeros(self.n), self.places
        tags, coverage = analysis.story.tags, analysis.coverage
        scores = np.array([tag.score for tag in tags])
        assigned = np.array([tag.assigned for tag in tags])
        row[at["scores"]][self._first_bins + np.searchsorted(SCORE_EDGES, scores, "right")] = 1
        row[at["assigned"]] = assigned
        row[at["score"]] = scores
        row[at["assigned_score"]] = scores * assigned
        row[at["near_threshold"]] = np.mean(np.abs(scores - [tag.threshold for tag in tags]) < NEAR)
        row[at["labels_per_story"]][min(int(assigned.sum()), MAX_LABELS)] = 1
        row[at["length"]][min(max(0, math.ceil(math.log2(max(1, coverage.tokens) / MIN_TOKENS))), N_LENGTHS - 1)] = 1
        if analysis.language is not None:
            row[at["language"]][_LANGUAGE_BINS.get(analysis.language.code, len(LANGUAGES) - 1)] = 1
        row[at["unknown_tokens"]] = coverage.unknown / max(1, coverage.tokens)
        row[at["furniture"]] = sum(part.end - part.start for part in analysis.furniture) / max(1, coverage.characters)
        row[at["subwords_per_word"]], row[at["capitals"]] = _look(analysis)
        return row


@lru_cache(8)
def columns_of(labels: tuple[str, ...]) -> Columns:
    """The columns for these labels."""
    return Columns(labels)


_LANGUAGE_BINS = {code: i for i, code in enumerate(LANGUAGES)}


def _look(analysis: Analysis) -> tuple[float, float]:
    """Subwords per word, and the share of the letters A to Z that are capitals, of the stories' texts."""
    stories = (analysis.story, *analysis.other_stories)
    codes = np.concatenate([_code_points(analysis.text, story) for story in stories])
    is_space = codes <= ord(" ")
    n_words = int(np.count_nonzero(is_space[:-1] & ~is_space[1:])) + 1
    n_capitals = int(np.count_nonzero((codes - ord("A")) < 26))  # unsigned: what is below A is huge
    n_small = int(np.count_nonzero((codes - ord("a")) < 26))
    n_characters = sum(story.end - story.start for story in stories)
    seen = len(codes) / max(1, n_characters)
    return analysis.coverage.tokens * seen / n_words, n_capitals / max(1, n_capitals + n_small)


def _code_points(text: str, story: StoryAnalysis) -> NDArray[np.uint32]:
    piece = text[story.start : min(story.end, story.start + _MAX_CHARACTERS)]
    return np.frombuffer(piece.encode("utf-32-le"), np.uint32)

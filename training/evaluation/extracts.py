"""Summaries to compare with: the lead, TextRank, the centroid, and the greedy oracle, which sees the reference."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from copydesk.training.metrics.oracle import choose_oracle, tokenize

N_SENTENCES = 3
_WORD = re.compile(r"\w+")

Chooser = Callable[[Sequence[str]], list[int]]


def choose_extracts(sentences: Sequence[str], reference: str) -> dict[str, list[int]]:
    """Per system, the indices of the sentences it chooses, in reading order."""
    systems: dict[str, Chooser] = {"lead-3": choose_lead, "centroid": choose_centroid, "TextRank": choose_textrank}
    return {name: choose(sentences) for name, choose in systems.items()} | {
        "oracle": choose_oracle(sentences, reference, N_SENTENCES)
    }


def choose_lead(sentences: Sequence[object]) -> list[int]:
    """The first sentences."""
    return list(range(min(N_SENTENCES, len(sentences))))


def choose_centroid(sentences: Sequence[str]) -> list[int]:
    """The sentences nearest to the mean of all, as stemmed TF-IDF vectors. Source: Radev et al. 2004, without MEAD's
    position feature."""
    if not any(map(tokenize, sentences)):
        return choose_lead(sentences)
    vectors = TfidfVectorizer(analyzer=tokenize).fit_transform(sentences)  # [sentences, words], rows of length 1 or 0
    return _best((vectors @ np.asarray(vectors.mean(axis=0)).ravel()).tolist())


def choose_textrank(sentences: Sequence[str]) -> list[int]:
    """The sentences that share most words with important ones, by sumy. Source: Mihalcea & Tarau 2004."""
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
    from sumy.nlp.stemmers import Stemmer
    from sumy.summarizers.text_rank import TextRankSummarizer
    from sumy.utils import get_stop_words

    summarizer = TextRankSummarizer(Stemmer("english"))
    summarizer.stop_words = get_stop_words("english")
    parts = [Sentence(sentence, _Words()) for sentence in sentences]
    ratings = summarizer.rate_sentences(ObjectDocumentModel([Paragraph(parts)]))
    return _best([float(ratings[part]) for part in parts])


class _Words:
    """sumy's tokenizer needs NLTK's data; this one does not."""

    def to_words(self, text: str) -> tuple[str, ...]:
        return tuple(_WORD.findall(text.lower()))


def _best(scores: Sequence[float]) -> list[int]:
    return sorted(sorted(range(len(scores)), key=lambda i: -scores[i])[:N_SENTENCES])

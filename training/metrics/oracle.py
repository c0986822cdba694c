"""Which sentences of an article make the best extract: the target of the salience head."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from nltk.stem.porter import PorterStemmer

_WORD = re.compile(r"[a-z0-9]+")
_STEMMED_LENGTH = 4  # rouge-score stems words longer than three letters
_stemmer = PorterStemmer()


def choose_oracle(sentences: Sequence[str], reference: str, n_sentences: int = 3) -> list[int]:
    """Indices of the sentences that greedily raise ROUGE-1 + ROUGE-2 F1 against the reference, in reading order.

    Words as rouge-score sees them, with stemming. Source: Nallapati et al. 2017 (SummaRuNNer), section 3.
    """
    target = [_ngrams(tokenize(reference), n) for n in (1, 2)]
    grams = [[_ngrams(tokenize(sentence), n) for n in (1, 2)] for sentence in sentences]
    chosen: list[int] = []
    best, total = 0.0, [Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()]
    for _ in range(min(n_sentences, len(sentences))):
        scored = [(_gain(total, grams[i], target), -i) for i in range(len(sentences)) if i not in chosen]
        score, index = max(scored)
        if score <= best:
            break
        best = score
        chosen.append(-index)
        total = [have + new for have, new in zip(total, grams[-index], strict=True)]
    return sorted(chosen)


def tokenize(text: str) -> list[str]:
    """Lower-case stemmed words, as rouge-score's default tokenizer with its stemmer gives them."""
    return [_stem(word) for word in _WORD.findall(text.lower())]


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return _stemmer.stem(word) if len(word) >= _STEMMED_LENGTH else word


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))


def _gain(
    have: Sequence[Counter[tuple[str, ...]]],
    new: Sequence[Counter[tuple[str, ...]]],
    target: Sequence[Counter[tuple[str, ...]]],
) -> float:
    """ROUGE-1 + ROUGE-2 F1 of the extract with the new sentence."""
    score = 0.0
    for counts, added, wanted in zip(have, new, target, strict=True):
        hits = sum(min(counts[gram] + added[gram], count) for gram, count in wanted.items())
        score += 2 * hits / max(1, counts.total() + added.total() + wanted.total())
    return score

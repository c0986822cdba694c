"""Whether a text turns to something else at a line: the words and names that the prose before and after it share."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

_BEFORE, _AFTER = 10, 3  # lines of prose
_NO_WORDS: frozenset[str] = frozenset()


def describe_turns(
    words: Sequence[AbstractSet[str]], names: Sequence[AbstractSet[str]], is_prose: Sequence[bool]
) -> NDArray[np.float32]:
    """Of the line's words and of the next prose's words and names, the shares that the prose just before has too; and
    of the line's words the share that the prose just after has. [lines, 4]

    Halves where there is nothing to compare. A line of prose has what the last line that is none had.
    """
    rows = np.full((len(words), 4), 0.5, dtype=np.float32)
    prose = [i for i, flag in enumerate(is_prose) if flag]
    n_before = 0
    for i, flag in enumerate(is_prose):
        if flag:
            n_before += 1
            continue
        before, after = prose[max(0, n_before - _BEFORE) : n_before], prose[n_before : n_before + _AFTER]
        old_words, new_words = _join(words, before), _join(words, after)
        if before:
            rows[i, 0] = _share(words[i], old_words)
        if before and after:
            rows[i, 1] = _share(new_words, old_words)
            rows[i, 2] = _share(_join(names, after), _join(names, before))
        if after:
            rows[i, 3] = _share(words[i], new_words)
    return rows


def _join(sets: Sequence[AbstractSet[str]], indices: Sequence[int]) -> AbstractSet[str]:
    return _NO_WORDS.union(*(sets[i] for i in indices))


def _share(some: AbstractSet[str], others: AbstractSet[str]) -> float:
    return len(some & others) / len(some) if some else 0.5

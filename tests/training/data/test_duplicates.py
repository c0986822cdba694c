import hashlib
import random
import zlib

import numpy as np
import pytest

from copydesk.training.data.duplicates import group_signatures, sign_text

WORDS = [f"word{n}" for n in range(500)]


def make_words(seed: int, n: int = 300) -> list[str]:
    return random.Random(seed).choices(WORDS, k=n)


def group_texts(texts: list[str]) -> list[int]:
    return group_signatures([sign_text(text) for text in texts])


def runs(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[i:] for i in range(5)), strict=False))


@pytest.mark.parametrize("n_changed", [1, 5, 20, 40])
def test_equal_hashes_estimate_the_share_of_common_runs(n_changed: int) -> None:
    errors = []
    for seed in range(30):
        words = make_words(seed)
        other = list(words)
        for i in random.Random(seed + 100).sample(range(len(words)), n_changed):
            other[i] = "changed"
        a, b = runs(words), runs(other)
        one, two = sign_text(" ".join(words)), sign_text(" ".join(other))
        errors.append(float(np.mean(one == two)) - len(a & b) / len(a | b))
    assert abs(np.mean(errors)) < 0.03  # 64 hashes: standard deviation 0.06, of the mean of 30 texts 0.011
    assert np.std(errors) < 0.08


def test_a_version_joins_its_story_and_nothing_else_does() -> None:
    texts = [" ".join(make_words(seed)) for seed in range(50)]
    versions = [text.upper().replace("WORD7 ", "other, ") + " Updated." for text in texts]
    assert group_texts(texts + versions) == [*range(50), *range(50)]


def test_short_texts_of_one_form_are_different_stories() -> None:
    form = "The fund will pay a monthly dividend of {} cents on March 31 to holders of record on March 16."
    assert group_texts([form.format(n) for n in (7, 8, 7)]) == [0, 1, 0]


def test_a_chain_of_versions_is_one_group() -> None:
    words = make_words(1)
    steps = [" ".join([*words[: 300 - 60 * n], *make_words(2)[: 60 * n]]) for n in range(5)]
    assert group_texts(steps) == [0] * 5
    assert group_texts([steps[0], steps[4]]) == [0, 1]


def sign_slowly(text: str, n_words: int) -> list[int]:
    """The signature in plain integers, as the file of a frozen test set was once written."""
    modulus = 2**64
    words = [zlib.crc32(word.encode()) for word in text.lower().split()]
    runs = []
    for start in range(len(words) - n_words + 1):
        run = 0
        for word in words[start : start + n_words]:
            run = (run * 0x9E3779B97F4A7C15 + word) % modulus
        run = (run ^ run >> 29) * 0xBF58476D1CE4E5B9 % modulus
        runs.append(run ^ run >> 32)
    factors = [int.from_bytes(hashlib.sha256(bytes([i])).digest()[:8]) | 1 for i in range(64)]
    return [min(run * factor % modulus >> 32 for run in runs) for factor in factors]


def test_a_signature_is_the_same_for_ever() -> None:
    text = " ".join(make_words(3))
    assert sign_text(text).tolist() == sign_slowly(text, 5)
    assert sign_text("a short one").tolist() == sign_slowly("a short one", 3)


def test_no_texts_and_odd_texts_have_groups() -> None:
    assert group_texts([]) == []
    assert group_texts(["", "!?", "один два"]) == [0, 0, 2]

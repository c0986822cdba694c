import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from copydesk.model.network.windows import SpecialTokens, Window, batch_windows, pack_story, pack_windows

SPECIAL = SpecialTokens(first=101, last=102, padding=0)


def test_sentences_stay_whole_while_they_fit() -> None:
    assert pack_windows([4, 3, 5, 2], 8) == [Window(0, 7), Window(7, 14)]


def test_a_sentence_longer_than_a_window_is_cut_and_nothing_is_lost() -> None:
    assert pack_windows([3, 20, 2], 8) == [Window(0, 3), Window(3, 11), Window(11, 19), Window(19, 25)]


@given(st.lists(st.integers(0, 40)), st.integers(1, 30))
def test_windows_cover_every_token_once_in_order(lengths: list[int], capacity: int) -> None:
    windows = pack_windows(lengths, capacity)
    assert [i for w in windows for i in range(w.start, w.end)] == list(range(sum(lengths)))
    assert all(0 < w.end - w.start <= capacity for w in windows)


@given(
    st.lists(
        st.lists(st.lists(st.integers(5, 9), min_size=1, max_size=9), min_size=1, max_size=4), min_size=1, max_size=4
    ),
    st.sampled_from([32, 64, 200]),
)
def test_batches_hold_every_token_of_every_story(stories: list[list[list[int]]], budget: int) -> None:
    tokenized = [pack_story(story, max_tokens=10) for story in stories]
    batches = batch_windows(tokenized, SPECIAL, budget=budget)
    found = []
    for batch in batches:
        assert batch.token_ids.size <= budget
        is_text = batch.sentence_of >= 0
        assert (batch.token_ids[~batch.mask] == SPECIAL.padding).all()
        found += list(zip(batch.sentence_of[is_text].tolist(), batch.token_ids[is_text].tolist(), strict=True))
    sentences = [sentence for story in stories for sentence in story]
    expected = [(i, token) for i, sentence in enumerate(sentences) for token in sentence]
    assert sorted(found) == sorted(expected)


def test_special_tokens_stand_around_each_window() -> None:
    story = pack_story([[7, 8, 9]], max_tokens=16)
    (batch,) = batch_windows([story], SPECIAL, budget=64, width_step=8)
    assert batch.token_ids.tolist() == [[101, 7, 8, 9, 102, 0, 0, 0]]
    assert batch.sentence_of.tolist() == [[-1, 0, 0, 0, -1, -1, -1, -1]]
    assert np.array_equal(batch.mask, [[True] * 5 + [False] * 3])

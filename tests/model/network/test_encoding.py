import pytest
import torch

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoding import Encoding
from copydesk.model.network.pooling import SentenceSums
from copydesk.model.network.windows import pack_story
from support.tiny import STORY

ALL = 1000


def make_encoding() -> Encoding:
    """Two stories: windows of 6 tokens (4 of their own), the third sentence longer than one."""
    return Encoding(
        [pack_story([[1, 2], [3, 4], [5, 6, 7, 8, 9, 10], [11]], max_tokens=6), pack_story([[20, 21, 22]], 6)]
    )


def test_windows_are_taken_in_order_and_each_once() -> None:
    encoding, taken = make_encoding(), []
    while slices := encoding.take(5):
        taken.append([piece.tokens.token_ids.tolist() for piece in slices])
    assert taken == [[[1, 2, 3, 4]], [[5, 6, 7, 8]], [[9, 10, 11]], [[20, 21, 22]]]
    assert encoding.n_tokens_left == 0


def test_a_slice_knows_where_its_sentences_stand() -> None:
    first, second = make_encoding().take(ALL)
    assert (first.first_sentence, first.tokens.n_sentences) == (0, 4)
    assert (second.first_sentence, second.tokens.n_sentences) == (4, 1)
    encoding = make_encoding()
    assert [encoding.take(1)[0].first_sentence for _ in range(4)] == [0, 2, 2, 4]


def test_the_parts_of_a_sentence_add_up_to_its_mean() -> None:
    encoding = Encoding([pack_story([[1], [2, 3, 4]], max_tokens=4)])
    first, second = encoding.take(2), encoding.take(2)
    assert (encoding.is_begun, encoding.is_complete) == (False, False)
    encoding.add(second, SentenceSums(torch.tensor([[7.0]]), torch.tensor([[2.0]])))
    assert (encoding.is_begun, encoding.is_complete) == (True, False)
    assert not encoding.is_complete
    encoding.add(first, SentenceSums(torch.tensor([[1.0]]), torch.tensor([[1.0]])))
    third = encoding.take(2)
    encoding.add(third, SentenceSums(torch.tensor([[2.0]]), torch.tensor([[1.0]])))
    assert encoding.is_complete
    assert encoding.sums().vectors.flatten().tolist() == [1, 3]


def test_many_passes_give_the_scores_of_one(analyzer: Analyzer) -> None:
    prepared = analyzer.prepare(Document(STORY * 20, title="Steel"), Options())
    ((expected,),) = analyzer.forward([prepared])
    encoding = Encoding(prepared.tokens)
    n_passes = 0
    while slices := encoding.take(40):
        (sums,) = analyzer.engine.begin([[piece.tokens for piece in slices]]).end()
        encoding.add(slices, sums)
        n_passes += 1
    ((scores,),) = analyzer.engine.score([encoding.stories], [encoding.sums()])
    assert n_passes > 5
    for name in ("logits", "contributions", "sentences", "vectors"):
        ours, theirs = getattr(scores, name), getattr(expected, name)
        assert ours == pytest.approx(theirs, abs=1e-4)  # fp32, CPU

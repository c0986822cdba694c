import math

import pytest
import torch

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoding import Encoding
from copydesk.model.network.windows import tokenize_story
from support.tiny import STORY


def make_encoding() -> Encoding:
    """Two stories: windows of 6 tokens (4 of their own), the third sentence longer than one."""
    first = tokenize_story([[1, 2], [3, 4], [5, 6, 7, 8, 9, 10], [11]], 6, has_title=False)
    second = tokenize_story([[20, 21, 22]], 6, has_title=False)
    return Encoding([first, second])


def test_windows_are_taken_in_order_and_each_once() -> None:
    encoding, taken = make_encoding(), []
    while parts := encoding.take(5):
        taken.append([part.tokens.token_ids.tolist() for part in parts])
    assert taken == [[[1, 2, 3, 4]], [[5, 6, 7, 8]], [[9, 10, 11]], [[20, 21, 22]]]
    assert encoding.n_tokens_left == 0


def test_a_part_knows_where_its_sentences_stand() -> None:
    first, second = make_encoding().take(math.inf)
    assert (first.first_sentence, first.tokens.n_sentences) == (0, 4)
    assert (second.first_sentence, second.tokens.n_sentences) == (4, 1)
    encoding = make_encoding()
    assert [encoding.take(1)[0].first_sentence for _ in range(4)] == [0, 2, 2, 4]


def test_parts_of_a_sentence_add_up_to_its_mean() -> None:
    encoding = Encoding([tokenize_story([[1], [2, 3], [4]], 32, has_title=False)])
    encoding.add(0, torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [1.0]]))
    encoding.add(1, torch.tensor([[4.0], [7.0]]), torch.tensor([[1.0], [1.0]]))
    assert encoding.vectors().flatten().tolist() == [1, 3, 7]


def test_many_passes_give_the_scores_of_one(analyzer: Analyzer) -> None:
    prepared = analyzer.prepare(Document(STORY * 20, title="Steel"), Options())
    ((expected,),) = analyzer.forward([prepared])
    encoding = prepared.start_encoding()
    n_passes = 0
    while parts := encoding.take(40):
        analyzer.encode(parts)
        n_passes += 1
    ((scores,),) = analyzer.score([encoding])
    assert n_passes > 5
    for name in ("logits", "contributions", "salience"):
        ours, theirs = getattr(scores, name), getattr(expected, name)
        assert ours.numpy() == pytest.approx(theirs.numpy(), abs=1e-3)  # bf16 products may round by the batch's shape


def test_a_probe_passes_through_a_working_device(analyzer: Analyzer) -> None:
    analyzer.probe()

import torch

from copydesk.model.network.encoder.encoder import load_encoder
from copydesk.model.network.encoder.files import find_encoder
from copydesk.model.network.heads import Network, layout_of, softmax_per_story
from copydesk.model.network.pooling import add_token_states
from copydesk.model.network.sizes import SentenceScore
from copydesk.model.network.windows import SpecialTokens, batch_windows, pack_story
from support.tiny import TINY_ENCODER, TINY_HEADS

SPECIAL = SpecialTokens(2, 3, 0)


def test_token_states_add_up_to_sentence_sums() -> None:
    states = torch.arange(12.0).reshape(2, 3, 2)
    sentence_of = torch.tensor([[-1, 0, 0], [1, 0, -1]])
    sums, counts = torch.zeros(3, 2), torch.zeros(3, 1)
    add_token_states(sums, counts, states, sentence_of)
    assert sums[:2].tolist() == [[2 + 4 + 8, 3 + 5 + 9], [6, 7]]
    assert counts[:2].flatten().tolist() == [3, 1]


def test_softmax_is_taken_over_each_story_alone() -> None:
    layout = layout_of([pack_story([[1], [2]], 32), pack_story([[3]], 32)])
    scores = torch.tensor([[1.0], [3.0], [-50.0]])
    expected = [*torch.tensor([1.0, 3.0]).softmax(0).tolist(), 1.0]
    assert torch.allclose(softmax_per_story(scores, layout).flatten(), torch.tensor(expected))


def test_contributions_and_bias_add_up_to_the_logit() -> None:
    torch.manual_seed(1)
    network = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 4, TINY_HEADS).eval()
    network.tag_head.bias.data = torch.tensor([0.5, -1.0, 2.0, 0.0])
    stories = [
        pack_story([[10, 11], [12, 13, 14], [15]], 32, has_title=True),
        pack_story([[20, 21, 22]], 32),
    ]
    with torch.inference_mode():
        output = network(batch_windows(stories, SPECIAL, budget=64), layout_of(stories))
    bias = network.tag_head.bias
    assert torch.allclose(output.logits[0], output.contributions[:3].sum(0) + bias, atol=1e-5)  # fp32, CPU
    assert torch.allclose(output.logits[1], output.contributions[3] + bias, atol=1e-5)


def test_salience_depends_on_the_order_of_sentences() -> None:
    torch.manual_seed(1)
    network = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 1, TINY_HEADS).eval()
    vectors = torch.randn(3, 32)
    layout = layout_of([pack_story([[1], [2], [3]], 32)])
    with torch.inference_mode():
        forwards = network.sentence_head(vectors, layout)
        backwards = network.sentence_head(vectors.flip(0), layout).flip(0)
    assert not torch.allclose(forwards, backwards, atol=1e-4)


def test_stories_longer_than_a_block_get_a_score_for_every_sentence() -> None:
    torch.manual_seed(1)
    network = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 1, TINY_HEADS).eval()
    layout = layout_of([pack_story([[1]] * 600, 32)])
    with torch.inference_mode():
        scores = network.sentence_head(torch.randn(600, 32), layout)
    assert scores.shape == (600, len(SentenceScore))
    assert (scores != 0).all()


def test_an_untaught_network_takes_no_sentence_for_furniture_or_dangling() -> None:
    network = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 1, TINY_HEADS).eval()
    with torch.inference_mode():
        scores = network.sentence_head(torch.randn(40, 32), layout_of([pack_story([[1]] * 40, 32)]))
    assert (scores[:, [SentenceScore.FURNITURE, SentenceScore.DANGLING]].sigmoid() < 0.05).all()


def test_what_is_said_of_a_sentence_depends_on_the_title_and_on_the_lines() -> None:
    torch.manual_seed(1)
    head = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 1, TINY_HEADS).eval().sentence_head
    title, body = torch.randn(1, 32), torch.randn(3, 32)
    plain, on_lines = pack_story([[1], [2], [3]], 32), pack_story([[1], [2], [3]], 32, begins_line=[True] * 3)
    titled = pack_story([[9], [1], [2], [3]], 32, has_title=True)
    with torch.inference_mode():
        scores = head(body, layout_of([plain]))
        with_title = head(torch.cat([title, body]), layout_of([titled]))[1:]
        with_another = head(torch.cat([-title, body]), layout_of([titled]))[1:]
        with_lines = head(body, layout_of([on_lines]))
    for other in (with_title, with_another, with_lines):
        assert not torch.allclose(scores, other, atol=1e-4)
    assert not torch.allclose(with_title, with_another, atol=1e-4)


def test_what_is_said_of_a_story_does_not_depend_on_the_stories_beside_it() -> None:
    torch.manual_seed(1)
    head = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 1, TINY_HEADS).eval().sentence_head
    first = pack_story([[1], [2]], 32, begins_line=[True, False])
    second = pack_story([[9], [3]], 32, has_title=True, begins_line=[True, True])
    vectors = torch.randn(4, 32)
    with torch.inference_mode():
        together = head(vectors, layout_of([first, second]))
        apart = torch.cat([head(vectors[:2], layout_of([first])), head(vectors[2:], layout_of([second]))])
    assert torch.allclose(together[:2], apart[:2], atol=1e-6)  # fp32, CPU
    assert torch.allclose(together[3], apart[3], atol=1e-6)

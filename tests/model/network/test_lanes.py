import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.weights import load_network
from copydesk.model.network.device import Device
from copydesk.model.network.encoder.files import find_encoder
from copydesk.model.network.heads import Network
from copydesk.model.network.lanes import Lane, Packed, Rectangles, WindowedAttention, choose_lane, prove_packed
from copydesk.model.network.packing import pack_stories
from copydesk.model.network.windows import SpecialTokens, TokenizedStory, pack_story

SPECIAL = SpecialTokens(first=2, last=3, padding=0)
DEVICE = Device(torch.device("cpu"), torch.float32, batch_tokens=64)


@pytest.fixture
def network(tiny_bundle: Path) -> Network:
    manifest = load_manifest(tiny_bundle)
    return load_network(tiny_bundle, manifest, find_encoder(manifest.encoder))


def make_stories() -> list[TokenizedStory]:
    """Windows of 10 tokens of their own; the second sentence of the second story fills three of them."""
    return [
        pack_story([[5] * 4, [6] * 5, [7] * 3], 12),
        pack_story([[8], list(range(9, 32)), [40] * 9], 12, has_title=True),
    ]


def attend_each(queries: Tensor, keys: Tensor, values: Tensor, starts: Tensor, longest: int) -> Tensor:
    """Window after window, as a GPU does it at once."""
    lengths = starts.diff().tolist()
    assert max(lengths) == longest
    split = zip(*(torch.split(states.transpose(0, 1), lengths, 1) for states in (queries, keys, values)), strict=True)
    return torch.cat([scaled_dot_product_attention(q, k, v).transpose(0, 1) for q, k, v in split])


def attend_wrongly(queries: Tensor, keys: Tensor, values: Tensor, starts: Tensor, longest: int) -> Tensor:
    return values.roll(1, 0) * 9


def test_a_pack_holds_windows_one_behind_the_other() -> None:
    (pack,) = pack_stories([pack_story([[10, 11], [12]], 4), pack_story([[13]], 4)], SPECIAL, budget=100)
    assert pack.token_ids.tolist() == [2, 10, 11, 3, 2, 12, 3, 2, 13, 3]
    assert pack.positions.tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 1, 2]
    assert (pack.starts.tolist(), pack.longest) == ([0, 4, 7, 10], 4)
    assert pack.run_sentences.tolist() == [3, 0, 3, 1, 3, 2, 3]
    assert pack.run_lengths.tolist() == [1, 2, 2, 1, 2, 1, 1]


def test_packs_end_where_their_budget_does_and_hold_a_window_at_least() -> None:
    stories = [pack_story([[9] * n], 12) for n in (1, 2, 8, 10)]
    assert [pack.starts.tolist() for pack in pack_stories(stories, SPECIAL, budget=8)] == [[0, 3, 7], [0, 10], [0, 12]]
    assert pack_stories([], SPECIAL, budget=8) == []


def test_packed_windows_give_the_sums_of_padded_ones(network: Network) -> None:
    stories = make_stories()
    expected = Rectangles(network, DEVICE, SPECIAL).start(stories, 64).result()
    packed = Packed(network, DEVICE, SPECIAL, attend_each)
    for budget in (1, 20, 1000):
        found = packed.start(stories, budget).result()
        torch.testing.assert_close(found.sums, expected.sums, atol=1e-4, rtol=0)  # fp32, CPU
        assert found.counts.tolist() == expected.counts.tolist() == [[4], [5], [3], [1], [23], [9]]


def test_stories_without_windows_have_no_sums(network: Network) -> None:
    assert len(Packed(network, DEVICE, SPECIAL, attend_each).start([], 64).result().sums) == 0


def test_the_packed_lane_is_taken_when_it_is_right(network: Network) -> None:
    lane = prove_packed(Rectangles(network, DEVICE, SPECIAL), network, DEVICE, SPECIAL, attend_each)
    assert isinstance(lane, Packed)


def fail(queries: Tensor, keys: Tensor, values: Tensor, starts: Tensor, longest: int) -> Tensor:
    raise RuntimeError("no kernel for this GPU")


@pytest.mark.parametrize(
    ("attend", "why"),
    [(attend_wrongly, "% off on cpu float32"), (fail, "no kernel for this GPU")],
    ids=["off", "fails"],
)
def test_the_padded_lane_stays_where_the_packed_one_is_wrong(
    network: Network, caplog: pytest.LogCaptureFixture, attend: WindowedAttention, why: str
) -> None:
    rectangles = Rectangles(network, DEVICE, SPECIAL)
    before = rectangles.start(make_stories(), 64).result()
    with caplog.at_level(logging.WARNING):
        assert prove_packed(rectangles, network, DEVICE, SPECIAL, attend) is rectangles
    assert why in caplog.text
    after = rectangles.start(make_stories(), 64).result()
    np.testing.assert_array_equal(after.sums.numpy(), before.sums.numpy())


def test_a_cpu_reads_padded_windows(network: Network) -> None:
    lane: Lane = choose_lane(network, DEVICE, SPECIAL)
    assert isinstance(lane, Rectangles)

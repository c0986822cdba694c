"""How stories get through the encoder on a device: in rectangles on worker threads, or packed on a stream of a GPU."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from copydesk.model.network.device import Device
from copydesk.model.network.encoder.encoder import PackedEncoder
from copydesk.model.network.heads import Network
from copydesk.model.network.packing import Pack, pack_stories
from copydesk.model.network.pooling import SentenceSums
from copydesk.model.network.windows import SpecialTokens, TokenizedStory, batch_windows, pack_story
from copydesk.model.network.workers import Workers

logger = logging.getLogger(__name__)

_TOLERANCE = 0.05  # of the largest number in the sentences' vectors, in bf16
_PROOF = (7, 90, 31, 200, 1, 64)  # tokens of sentences, some of them longer than a window
_PROOF_WINDOW = 48


class Running(Protocol):
    """Sums that are being computed."""

    def result(self) -> SentenceSums:
        """Wait for them. Raises what the device raised."""


class Lane(Protocol):
    """A way through the encoder."""

    def start(self, stories: Sequence[TokenizedStory], batch_tokens: int) -> Running:
        """Begin to compute the sums of all sentences of these stories, in batches of so many tokens."""

    def scoring(self) -> AbstractContextManager[None]:
        """Around the heads' work, which does not wait for passes that began later."""


class Rectangles:
    """Batches padded to one width each, computed by worker threads."""

    def __init__(self, network: Network, device: Device, special: SpecialTokens) -> None:
        self._network = network
        self._n_parallel = device.n_parallel
        self._special = special
        self._workers = Workers(device.n_parallel)

    def start(self, stories: Sequence[TokenizedStory], batch_tokens: int) -> Running:
        """As every lane does; a lone text keeps all workers busy."""
        n_tokens = sum(story.n_tokens for story in stories)
        budget = min(batch_tokens, n_tokens // self._n_parallel + 1)
        batches = batch_windows(stories, self._special, budget=budget)
        n_sentences = sum(story.n_sentences for story in stories)
        return self._workers.start(
            self._network.states, batches, lambda states: self._network.gather(batches, states, n_sentences)
        )

    def scoring(self) -> AbstractContextManager[None]:
        """Nothing is to be done: the heads run on threads of their own."""
        return nullcontext()


class Packed:
    """Windows without padding on a stream of the GPU: a pass is queued at once, and the next one behind it.

    The heads have a stream of their own that goes before it. So they never wait for a pass that began later, and the
    GPU always has one to go on with.
    """

    def __init__(self, network: Network, device: Device, special: SpecialTokens, attend: "WindowedAttention") -> None:
        self.encoder = PackedEncoder(network.encoder)
        self._device = device.device
        self._special = special
        self._attend = attend
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="launch")
        is_gpu = device.device.type == "cuda"
        self._passes = torch.cuda.Stream(device.device) if is_gpu else None  # type: ignore[no-untyped-call]  # torch's
        self._heads = torch.cuda.Stream(device.device, -1) if is_gpu else None  # type: ignore[no-untyped-call]  # torch's

    def start(self, stories: Sequence[TokenizedStory], batch_tokens: int) -> Running:
        """As every lane does."""
        return _Queued(self._launcher.submit(self._launch, stories, batch_tokens))

    @contextmanager
    def scoring(self) -> Iterator[None]:
        """On the heads' stream, behind what this thread has queued before."""
        if self._heads is None:
            yield
            return
        self._heads.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._heads):
            yield

    @torch.inference_mode()
    def _launch(self, stories: Sequence[TokenizedStory], batch_tokens: int) -> "_Launched":
        n_sentences = sum(story.n_sentences for story in stories)
        with torch.cuda.stream(self._passes):  # none, on a CPU
            sums = torch.zeros(n_sentences + 1, self.encoder.width, device=self._device)
            counts = torch.zeros(n_sentences + 1, 1, device=self._device)
            for pack in pack_stories(stories, self._special, batch_tokens):
                self._add(pack, sums, counts)
            end = None
            if self._passes is not None:
                # blocking: who waits leaves the core to those who prepare texts
                end = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # torch's
                end.record(self._passes)
        return _Launched(SentenceSums(sums[:-1], counts[:-1]), end)

    def _add(self, pack: Pack, sums: Tensor, counts: Tensor) -> None:
        """Add the pack's token states to their sentences' sums, in place.

        Run by run, so that a sum does not depend on which thread of the GPU came first; only a sentence of three
        windows and more has more than two runs.
        """
        ids, positions, lengths, sentences = map(
            self._send, (pack.token_ids, pack.positions, pack.run_lengths, pack.run_sentences)
        )
        starts, longest = self._send(pack.starts), pack.longest

        def attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            return self._attend(queries, keys, values, starts, longest)

        states = self.encoder.encode(ids, positions, attend).float()  # [T, H]
        runs = torch.segment_reduce(states, "sum", lengths=lengths, unsafe=True)  # [T, H] -> [R, H]
        sums.index_add_(0, sentences, runs)
        counts.index_add_(0, sentences, lengths.unsqueeze(1).float())

    def _send(self, values: NDArray[np.int64] | NDArray[np.int32]) -> Tensor:
        """The values on the device, sent while this thread goes on."""
        tensor = torch.from_numpy(values)
        return tensor.pin_memory().to(self._device, non_blocking=True) if self._passes else tensor.to(self._device)


class WindowedAttention(Protocol):
    """Attention within each window: queries, keys and values [tokens, heads, head's width]; starts int32 [windows + 1];
    longest, tokens of the longest window."""

    def __call__(self, queries: Tensor, keys: Tensor, values: Tensor, starts: Tensor, longest: int) -> Tensor:
        """[tokens, heads, head's width]."""


def attend_flash(queries: Tensor, keys: Tensor, values: Tensor, starts: Tensor, longest: int) -> Tensor:
    """FlashAttention over windows of any length."""
    from torch.nn.attention.varlen import varlen_attn

    attended = varlen_attn(queries, keys, values, starts, starts, longest, longest)
    assert isinstance(attended, Tensor)  # a tuple only where more is asked for
    return attended


def choose_lane(network: Network, device: Device, special: SpecialTokens) -> Lane:
    """On CUDA the packed lane, where it gives what rectangles give; else rectangles."""
    rectangles = Rectangles(network, device, special)
    if device.device.type != "cuda":
        return rectangles
    return prove_packed(rectangles, network, device, special, attend_flash)


def prove_packed(
    rectangles: Rectangles, network: Network, device: Device, special: SpecialTokens, attend: WindowedAttention
) -> Lane:
    """The packed lane if its sums are right, which a warning says otherwise; then the one given."""
    story = pack_story([[(7 * i) % 16 for i in range(n)] for n in _PROOF], _PROOF_WINDOW)
    expected = rectangles.start([story], device.batch_tokens).result().vectors
    packed = None
    try:
        packed = Packed(network, device, special, attend)
        found = packed.start([story], device.batch_tokens).result().vectors
        error = ((found - expected).abs().max() / expected.abs().max()).item()
        if error <= _TOLERANCE:
            return packed
        logger.warning("packed windows are %.1f %% off on %s, padded ones are used", 100 * error, device)
    except Exception as reason:
        logger.warning("packed windows do not work on %s, padded ones are used: %s", device, reason)
    if packed is not None:
        packed.encoder.give_back()
    return rectangles


@dataclass(frozen=True)
class _Launched:
    """Sums that the GPU has been told to compute, and the event that says when they are there."""

    sums: SentenceSums
    end: torch.cuda.Event | None


@dataclass(frozen=True)
class _Queued:
    """A pass that is being launched."""

    future: "Future[_Launched]"

    def result(self) -> SentenceSums:
        launched = self.future.result()
        if launched.end is not None:
            launched.end.synchronize()
        return launched.sums

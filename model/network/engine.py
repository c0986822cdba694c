"""The network at work on one device: passes of the encoder that are begun and ended, and what the heads say."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import Tensor

from copydesk.model.network.compiled import CompiledEncoder, compile_encoder
from copydesk.model.network.device import Device
from copydesk.model.network.heads import Network, layout_of
from copydesk.model.network.pooling import SentenceSums
from copydesk.model.network.windows import N_SPECIAL_TOKENS, SpecialTokens, TokenizedStory, batch_windows, pack_story
from copydesk.model.network.workers import Workers, one_core

logger = logging.getLogger(__name__)

_MIN_BATCH_TOKENS = 512  # below it, more memory is missing than smaller batches can save

Documents = Sequence[Sequence[TokenizedStory]]  # each as its stories, or as parts of them


@dataclass(frozen=True)
class StoryScores:
    """The network's view of one story, on the CPU: contributions [sentences, labels], logits [labels], sentences
    [sentences, 3], logits by SentenceScore, and the sentences' vectors [sentences, width]."""

    contributions: Tensor
    logits: Tensor
    sentences: Tensor
    vectors: Tensor


class Engine:
    """A network on one device. For one thread; the encoder runs on threads of its own.

    It takes the network over: moves it, and compiles its encoder where the device says so. The batches of `device` get
    smaller when its memory runs out, and stay so.
    """

    def __init__(self, network: Network, device: Device, special: SpecialTokens) -> None:
        self._special = special
        self._network = network.to(device.device)
        if device.is_compiled:
            network.encoder = compile_encoder(network.encoder, device)
        network.encoder.to(device.dtype)
        self.device = replace(device, is_compiled=isinstance(network.encoder, CompiledEncoder))
        self._workers = Workers(device.n_parallel)

    def begin(self, documents: Documents) -> "Pass":
        """Begin to encode all windows of these documents; they are computed while the caller does something else."""
        return Pass(self, documents)

    def score(self, documents: Documents, sums: Sequence[SentenceSums]) -> list[list[StoryScores]]:
        """Per document, per story, what the heads say; `sums` are, per document, those of all its windows.

        Where memory for all at once is missing, the heads see fewer documents at a time.
        """
        try:
            return self._score(documents, sums)
        except torch.OutOfMemoryError:
            if len(documents) < 2:
                raise
        torch.cuda.empty_cache()
        half = len(documents) // 2
        return [*self.score(documents[:half], sums[:half]), *self.score(documents[half:], sums[half:])]

    def forward(self, documents: Documents) -> list[list[StoryScores]]:
        """Per document, per story, what the network says: one encoder pass over every window."""
        return self.score(documents, self.begin(documents).end())

    def probe(self) -> None:
        """Pass one token through everything; raises what the device raises."""
        self.forward([[pack_story([[self._special.last]], N_SPECIAL_TOKENS + 1)]])

    def _encode(self, stories: Sequence[TokenizedStory]) -> Future[SentenceSums]:
        """The sums of all sentences of these stories, to come."""
        n_tokens = sum(story.n_tokens for story in stories)
        budget = min(self.device.batch_tokens, n_tokens // self.device.n_parallel + 1)  # a lone text keeps all busy
        batches = batch_windows(stories, self._special, budget=budget)
        n_sentences = sum(story.n_sentences for story in stories)
        return self._workers.start(
            self._network.states, batches, lambda states: self._network.gather(batches, states, n_sentences)
        )

    def _shrink_batches(self, from_tokens: int) -> None:
        """Make batches half as large as these, for which there was no memory. Raises OutOfMemoryError below 512."""
        tokens = min(self.device.batch_tokens, from_tokens // 2)
        if tokens < _MIN_BATCH_TOKENS:
            raise torch.OutOfMemoryError(
                f"{self.device} has no memory for batches of {_MIN_BATCH_TOKENS} tokens; end what else uses it"
            )
        if tokens < self.device.batch_tokens:
            logger.warning("%s is out of memory: batches of %d tokens from now on", self.device, tokens)
            self.device = replace(self.device, batch_tokens=tokens)
        torch.cuda.empty_cache()

    def _score(self, documents: Documents, sums: Sequence[SentenceSums]) -> list[list[StoryScores]]:
        stories = [story for document in documents for story in document]
        if not stories:
            return [[] for _ in documents]
        with torch.inference_mode(), one_core():
            vectors = torch.cat([own.vectors for own in sums])
            output = self._network.score(vectors, layout_of(stories).to(self.device.device))
        lengths = [story.n_sentences for story in stories]
        of_sentences = (output.contributions, output.sentences, vectors)
        contributions, sentences, own = (torch.split(values.cpu(), lengths) for values in of_sentences)
        scores = map(StoryScores, contributions, output.logits.cpu(), sentences, own)
        return [list(islice(scores, len(document))) for document in documents]


class Pass:
    """One pass of the encoder over windows of some documents, under way since it began; its owner ends it, once."""

    def __init__(self, engine: Engine, documents: Documents) -> None:
        self._engine = engine
        self._stories = [story for document in documents for story in document]
        self._lengths = [sum(story.n_sentences for story in document) for document in documents]
        self._is_ended = False
        self._begin()

    def end(self) -> list[SentenceSums]:
        """Wait for it; per document, the sums of the sentences of its stories, one story after the other.

        When memory runs out it begins anew, with smaller batches. Raises whatever else the device raises.
        """
        assert not self._is_ended, "a pass is ended once"
        self._is_ended = True
        while True:
            try:
                return self._running.result().split(self._lengths)
            except torch.OutOfMemoryError:
                del self._running  # with what it holds of the device
            self._engine._shrink_batches(self._batch_tokens)
            self._begin()

    def _begin(self) -> None:
        self._batch_tokens = self._engine.device.batch_tokens
        self._running = self._engine._encode(self._stories)

"""The network at work on one device: passes of the encoder that are begun and ended, and what the heads say."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import torch

from copydesk.model.network.device import Device
from copydesk.model.network.encoder.compiled import CompiledEncoder, compile_encoder
from copydesk.model.network.heads import Network, layout_of
from copydesk.model.network.lanes import choose_lane
from copydesk.model.network.pooling import SentenceSums, join_sums
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import N_SPECIAL_TOKENS, SpecialTokens, TokenizedStory, pack_story
from copydesk.model.network.workers import one_core

logger = logging.getLogger(__name__)

_MIN_BATCH_TOKENS = 512  # below it, more memory is missing than smaller batches can save

Documents = Sequence[Sequence[TokenizedStory]]  # each as its stories, or as parts of them


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
        self._lane = choose_lane(network, device, special)

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
        with torch.inference_mode(), one_core(), self._lane.scoring():
            output = self._network.score(join_sums(sums).vectors, layout_of(stories).to(self.device.device))
            logits, *of_sentences = (
                values.cpu().numpy()
                for values in (output.logits, output.contributions, output.sentences, output.vectors)
            )
        ends = np.cumsum([story.n_sentences for story in stories])[:-1]
        contributions, sentences, own = (np.split(values, ends) for values in of_sentences)
        scores = map(StoryScores, contributions, logits, sentences, own)
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
        self._running = self._engine._lane.start(self._stories, self._batch_tokens)

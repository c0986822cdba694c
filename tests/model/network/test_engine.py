import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.weights import load_network
from copydesk.model.network.device import Device
from copydesk.model.network.encoder.files import find_encoder
from copydesk.model.network.engine import Documents, Engine
from copydesk.model.network.heads import NetworkOutput, SentenceLayout
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import SpecialTokens, pack_story

SPECIAL = SpecialTokens(2, 3, 0)
WAIT_S = 30

Encode = Callable[[Tensor, Tensor], Tensor]


@pytest.fixture
def engine(tiny_bundle: Path) -> Engine:
    """With one worker, as on a GPU."""
    manifest = load_manifest(tiny_bundle)
    network = load_network(tiny_bundle, manifest, find_encoder(manifest.encoder))
    return Engine(network, Device(torch.device("cpu"), torch.float32, batch_tokens=1024), SPECIAL)


def make_documents(n: int, n_sentences: int = 40) -> Documents:
    """Documents of one story, in windows of 32 tokens, three sentences of ten to each."""
    return [[pack_story([[5 + (i + k) % 50] * 10 for k in range(n_sentences)], 32)] for i in range(n)]


def replace_encoder(engine: Engine, monkeypatch: pytest.MonkeyPatch, wrap: Callable[[Encode], Encode]) -> None:
    encoder = engine._network.encoder
    monkeypatch.setattr(encoder, "forward", wrap(encoder.forward))


def allow_batches(engine: Engine, monkeypatch: pytest.MonkeyPatch, max_tokens: int) -> list[int]:
    """Give the device no memory for larger batches than these; the sizes of those it is asked for."""
    sizes: list[int] = []

    def wrap(encode: Encode) -> Encode:
        def forward(token_ids: Tensor, mask: Tensor) -> Tensor:
            sizes.append(token_ids.numel())
            if sizes[-1] > max_tokens:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return encode(token_ids, mask)

        return forward

    replace_encoder(engine, monkeypatch, wrap)
    return sizes


def assert_equal(found: list[list[StoryScores]], expected: list[list[StoryScores]]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.logits, other.logits, atol=1e-5)  # fp32, CPU
            np.testing.assert_allclose(one.contributions, other.contributions, atol=1e-5)
            np.testing.assert_allclose(one.sentences, other.sentences, atol=1e-5)


def test_one_worker_computes_what_is_begun_before_anybody_waits_for_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_computed = threading.Event()

    def wrap(encode: Encode) -> Encode:
        def forward(token_ids: Tensor, mask: Tensor) -> Tensor:
            states = encode(token_ids, mask)
            is_computed.set()
            return states

        return forward

    replace_encoder(engine, monkeypatch, wrap)
    running = engine.begin(make_documents(1))
    assert is_computed.wait(WAIT_S)
    assert len(running.end()) == 1


def test_the_next_pass_runs_while_the_first_waits_to_be_ended(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    first_tokens, is_over = list[int](), threading.Event()

    def wrap(encode: Encode) -> Encode:
        def forward(token_ids: Tensor, mask: Tensor) -> Tensor:
            first_tokens.append(int(token_ids[0, 1]))
            if len(first_tokens) == 2:
                is_over.set()
            return encode(token_ids, mask)

        return forward

    replace_encoder(engine, monkeypatch, wrap)
    passes = [engine.begin([document]) for document in make_documents(2, n_sentences=3)]
    assert is_over.wait(WAIT_S)
    assert first_tokens == [5, 6]
    assert [len(running.end()) for running in passes] == [1, 1]


def test_sums_come_per_document_and_in_its_order(engine: Engine) -> None:
    one, other = make_documents(2, n_sentences=5)
    (alone,) = engine.begin([other]).end()
    _, together, _ = engine.begin([one, other, []]).end()
    torch.testing.assert_close(together.vectors, alone.vectors, atol=1e-5, rtol=0)  # fp32, CPU
    assert together.counts.flatten().tolist() == [10] * 5


def test_a_pass_is_ended_once(engine: Engine) -> None:
    running = engine.begin(make_documents(1))
    running.end()
    with pytest.raises(AssertionError, match="ended once"):
        running.end()


def test_an_error_of_the_device_is_raised_where_its_pass_ends(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> Tensor:
        raise RuntimeError("device lost")

    with monkeypatch.context() as patch:
        replace_encoder(engine, patch, lambda _: explode)
        running = engine.begin(make_documents(1))
        with pytest.raises(RuntimeError, match="device lost"):
            running.end()
        with pytest.raises(RuntimeError, match="device lost"):
            engine.probe()
    engine.probe()
    assert len(engine.forward(make_documents(2))) == 2


def test_a_device_out_of_memory_gets_half_the_batch_from_then_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    documents = make_documents(8)
    expected = engine.forward(documents)
    sizes = allow_batches(engine, monkeypatch, 512)
    running = [engine.begin(documents[:4]), engine.begin(documents[4:])]  # both with batches that are too large
    sums = [own for one in running for own in one.end()]
    assert engine.device.batch_tokens == 512
    assert_equal(engine.score(documents, sums), expected)
    assert max(sizes) == 1024
    sizes.clear()
    assert_equal(engine.forward(documents), expected)
    assert max(sizes) == 512
    assert [record.getMessage() for record in caplog.records] == [
        "cpu float32 is out of memory: batches of 512 tokens from now on"
    ]


def test_memory_that_no_smaller_batch_can_save_is_an_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_batches(engine, monkeypatch, 0)
    with pytest.raises(torch.OutOfMemoryError, match="cpu float32 has no memory for batches of 512 tokens; end what"):
        engine.forward(make_documents(1))


def test_heads_without_memory_for_all_documents_score_them_in_parts(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [*make_documents(4, n_sentences=3), []]
    expected = engine.forward(documents)
    score = engine._network.score

    def for_one(vectors: Tensor, layout: SentenceLayout) -> NetworkOutput:
        if layout.n_stories > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return score(vectors, layout)

    monkeypatch.setattr(engine._network, "score", for_one)
    assert_equal(engine.forward(documents), expected)
    with pytest.raises(torch.OutOfMemoryError):
        engine.forward([[document[0] for document in documents[:2]]])  # one document of two stories

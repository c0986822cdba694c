import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openvino_telemetry
import psutil
import pytest
import torch
from torch import Tensor

import copydesk.model.network.encoder.compiled
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.weights import load_network
from copydesk.model.network.device import Device
from copydesk.model.network.encoder.compiled import CompiledEncoder, compile_encoder
from copydesk.model.network.encoder.encoder import Encoder
from copydesk.model.network.encoder.files import find_encoder

FP32 = Device(torch.device("cpu"), torch.float32, batch_tokens=1024, n_parallel=2, is_compiled=True)
TEXT = "Police seized heroin at the port. Two men were held. The ministry raised the tariff on steel."


@pytest.fixture(scope="module")
def encoder(tiny_bundle: Path) -> Encoder:
    manifest = load_manifest(tiny_bundle)
    return load_network(tiny_bundle, manifest, find_encoder(manifest.encoder)).encoder


def windows(n_windows: int, n_tokens: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n_windows * n_tokens)
    token_ids = torch.randint(5, 60, (n_windows, n_tokens), generator=generator)
    mask = torch.arange(n_tokens) < torch.randint(2, n_tokens + 1, (n_windows, 1), generator=generator)
    return token_ids, mask


@torch.inference_mode()
def test_states_equal_torchs_whatever_the_shape(encoder: Encoder) -> None:
    compiled = CompiledEncoder(encoder, FP32)
    for shape in ((1, 16), (1, 64), (4, 32), (7, 48)):
        token_ids, mask = windows(*shape)
        torch.testing.assert_close(
            compiled(token_ids, mask)[mask], encoder(token_ids, mask)[mask], atol=1e-4, rtol=1e-4
        )


@torch.inference_mode()
def test_threads_do_not_write_into_each_others_states(encoder: Encoder) -> None:
    compiled = CompiledEncoder(encoder, FP32)
    shapes = [(1 + i % 5, 8 * (1 + i % 7)) for i in range(60)]
    expected = [compiled(*windows(*shape)) for shape in shapes]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda shape: compiled(*windows(*shape)), shapes))
    assert all(torch.allclose(left, right, atol=1e-5) for left, right in zip(found, expected, strict=True))


def test_compiling_again_and_again_leaves_nothing_behind(encoder: Encoder) -> None:
    def grow(n_times: int) -> float:
        before = psutil.Process().memory_info().rss
        for _ in range(n_times):
            compile_encoder(encoder, FP32)
        gc.collect()
        return float(psutil.Process().memory_info().rss - before) / 1e6

    grow(3)
    assert grow(12) < 45  # a trace that is kept takes 7 MB


def test_an_encoder_that_does_not_compile_runs_in_torch(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> CompiledEncoder:
        raise RuntimeError("no conversion for aten::riddle")

    monkeypatch.setattr(copydesk.model.network.encoder.compiled, "CompiledEncoder", fail)
    assert compile_encoder(encoder, FP32) is encoder
    assert "torch runs it: no conversion for aten::riddle" in caplog.text


def test_a_compiled_encoder_that_is_wrong_is_not_used(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        CompiledEncoder, "forward", lambda _, token_ids, __: torch.full((*token_ids.shape, 32), torch.nan)
    )
    assert compile_encoder(encoder, FP32) is encoder
    assert "torch runs the encoder" in caplog.text


def test_the_analysis_is_the_same(tiny_bundle: Path, analyzer: Analyzer) -> None:
    compiled = Analyzer.load(tiny_bundle, FP32)
    assert str(compiled.device) == "cpu float32 OpenVINO"
    found, expected = compiled.analyze(TEXT).story, analyzer.analyze(TEXT).story
    assert [tag.score for tag in found.tags] == pytest.approx([tag.score for tag in expected.tags], abs=1e-4)
    assert [s.text for s in found.summary.sentences] == [s.text for s in expected.summary.sentences]


def test_nothing_reports_our_use_to_the_vendor(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("telemetry")

    monkeypatch.setattr(openvino_telemetry.Telemetry, "init", fail)
    CompiledEncoder(encoder, FP32)

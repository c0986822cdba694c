import pytest
import torch

from copydesk.model.errors import DeviceError
from copydesk.model.network import device
from copydesk.model.network.device import choose_device


def test_the_cpu_always_works() -> None:
    assert choose_device("cpu").device.type == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceError, match="device 'cuda' does not work here"):
        choose_device("cuda")


def test_a_word_that_is_no_device_is_named() -> None:
    with pytest.raises(DeviceError, match=r"'gpu9' does not work here.*expected auto, cpu, cuda or mps"):
        choose_device("gpu9")


def test_auto_falls_back_with_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    if torch.cuda.device_count():
        pytest.skip("there is a real CUDA device")
    assert choose_device("auto").device.type == "cpu"
    assert "falling back" in caplog.text


@pytest.mark.parametrize(
    ("times", "has_products", "dtype"),
    [
        ((1.0, 0.5), True, torch.bfloat16),
        ((1.0, 1.4), True, torch.bfloat16),  # a busy moment
        ((1.0, 1.6), True, torch.float32),  # emulated
        ((1.0, 0.8), False, torch.float32),
        ((1.0, 0.5), False, torch.bfloat16),  # features that torch does not know
    ],
)
def test_only_a_clear_measurement_overrules_what_the_processor_says(
    monkeypatch: pytest.MonkeyPatch, times: tuple[float, float], has_products: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(device, "_product_times", lambda: times)
    monkeypatch.setattr(device, "_has_bf16_products", lambda: has_products)
    assert choose_device("cpu").dtype == dtype

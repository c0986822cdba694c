import pytest
import torch

from copydesk.model.errors import DeviceError
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

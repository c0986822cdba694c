"""Where the network runs: chosen, proven by a real computation, described."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from copydesk.model.errors import DeviceError

logger = logging.getLogger(__name__)

_MAX_PROCESSES = 14  # prepare 2,000 articles a second; the process that runs the network hardly does more
_OWN_CORES = 2  # of the process that runs the network, beside them
_CLEAR_GAIN = 1.5  # of one number format over another, measured, that overrules what the processor says it can do
_N_TIMED = 10  # products of each format, in turns: the fastest of them says little of what else runs meanwhile


@dataclass(frozen=True)
class Device:
    """A torch device, the encoder's number format there, the token budget of one batch, how many batches are
    computed side by side, whether OpenVINO compiles the encoder, and how many processes prepare and finish texts for
    it, where this one alone does not."""

    device: torch.device
    dtype: torch.dtype
    batch_tokens: int
    n_parallel: int = 1
    is_compiled: bool = False
    n_processes: int = 0

    def staffed(self) -> "Device":
        """The same with processes for the texts, where this one alone cannot keep up with the device.

        Only for programs: each of them imports the main module, which must do nothing when it is imported.
        """
        if self.device.type == "cpu":
            return self
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return replace(self, n_processes=max(0, min(_MAX_PROCESSES, n_cores - _OWN_CORES)))

    @property
    def full_tokens(self) -> int:
        """Tokens that keep the whole device busy."""
        return self.n_parallel * self.batch_tokens

    def __str__(self) -> str:
        name = f"{self.device.type} {str(self.dtype).removeprefix('torch.')}"
        return f"{name} OpenVINO" if self.is_compiled else name


def choose_device(name: str = "auto") -> Device:
    """The named device, or for "auto" the first of cuda, mps and cpu that works.

    Raises DeviceError when a device asked for by name does not work; "auto" falls back with a warning.
    """
    if name != "auto":
        return _prove(name)
    for kind, is_there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if is_there:
            try:
                return _prove(kind)
            except DeviceError as error:
                logger.warning("%s; falling back to the next device", error)
    return _prove("cpu")


def _prove(name: str) -> Device:
    try:
        kind = torch.device(name).type
        chosen = _DESCRIBE[kind](torch.device(name))
        operand = torch.ones(64, 64, device=chosen.device, dtype=chosen.dtype)
        is_right = bool(((operand @ operand).float() == 64).all())
    except (RuntimeError, AssertionError, NotImplementedError, KeyError) as error:
        raise DeviceError(f"device {name!r} does not work here: {error}; expected auto, cpu, cuda or mps") from error
    if not is_right:
        raise DeviceError(f"device {name!r} computes wrong results; use another one")
    return chosen


def _describe_cpu(device: torch.device) -> Device:
    # Small batches stay in a core's cache: 22 k tokens/s where batches of 2,048 give 19 k (2 cores, avx512_bf16).
    dtype = torch.bfloat16 if _is_bf16_fast() else torch.float32
    return Device(device, dtype, batch_tokens=1024, n_parallel=torch.get_num_threads(), is_compiled=True)


def _describe_cuda(device: torch.device) -> Device:
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return Device(device, torch.bfloat16 if has_bf16 else torch.float16, batch_tokens=65_536)


def _describe_mps(device: torch.device) -> Device:
    return Device(device, torch.float16, batch_tokens=16_384)


_DESCRIBE: dict[str, Callable[[torch.device], Device]] = {
    "cpu": _describe_cpu,
    "cuda": _describe_cuda,
    "mps": _describe_mps,
}


def _is_bf16_fast() -> bool:
    """Whether bf16 products are faster than fp32 ones: as the processor's features say, unless products clearly say
    otherwise (takes about 40 ms). AMX gives 9 times the rate, avx512_bf16 twice, others less than once."""
    exact_s, short_s = _product_times()
    gain = exact_s / short_s
    return gain * _CLEAR_GAIN > 1 if _has_bf16_products() else gain > _CLEAR_GAIN


def _has_bf16_products() -> bool:
    """The processor multiplies bf16 numbers by instructions of its own."""
    found = torch.cpu.get_capabilities()
    return any(found.get(feature) for feature in ("amx_bf16", "avx512_bf16", "bf16"))  # the last is Arm's


def _product_times() -> tuple[float, float]:
    """Seconds of a feed-forward product in fp32 and in bf16, each the best of several that took turns."""
    products = [
        (torch.ones(1024, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16)
    ]
    best = [float("inf")] * 2
    with torch.inference_mode():
        for _ in range(_N_TIMED):
            for i, (inputs, weight) in enumerate(products):
                start = time.perf_counter()
                torch.nn.functional.linear(inputs, weight)
                best[i] = min(best[i], time.perf_counter() - start)
    return best[0], best[1]

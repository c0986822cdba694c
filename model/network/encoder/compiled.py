"""The encoder compiled by OpenVINO: on a CPU its fused kernels do 1.1 times as much as torch's in bf16."""

import logging
import threading
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from copydesk.model.network.device import Device
from copydesk.model.network.encoder.encoder import Encoder

logger = logging.getLogger(__name__)

_EXAMPLE = (2, 16)  # windows and tokens of the trace; the proof uses another shape, so a baked-in size shows
_PROOF = (3, 24)
_TOLERANCE = {torch.float32: 0.001, torch.bfloat16: 0.05}  # of the largest state


class CompiledEncoder(Encoder):
    """An encoder whose body is an OpenVINO model; several threads may call it at once, each computes on one core."""

    def __init__(self, encoder: Encoder, device: Device) -> None:
        """Raises whatever tracing and conversion raise for an architecture that they do not know."""
        super().__init__(nn.Identity(), encoder.width, encoder.max_tokens)
        from openvino import Core
        from openvino.frontend import FrontEndManager

        traced = _trace(encoder, device.dtype)
        frontend = FrontEndManager().load_by_framework("pytorch")
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if device.dtype == torch.bfloat16 else "f32",
            "INFERENCE_NUM_THREADS": device.n_parallel,
            "NUM_STREAMS": device.n_parallel,
            "ENABLE_CPU_PINNING": False,
        }
        self._model = Core().compile_model(frontend.convert(frontend.load(traced)), "CPU", settings)
        self._of_thread = threading.local()

    def forward(self, token_ids: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer, float32 [windows, tokens, width], from int64 ids and a bool mask of that shape."""
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._model.create_infer_request()
        states = self._of_thread.request.infer([token_ids.numpy(), mask.numpy()], share_inputs=True)[0]
        return torch.from_numpy(states)


def compile_encoder(encoder: Encoder, device: Device) -> Encoder:
    """The encoder compiled for this CPU and proven equal to the one given; that one where it cannot be compiled."""
    try:
        compiled = CompiledEncoder(encoder, device)
        with torch.inference_mode():
            proof = _example(*_PROOF)
            expected = encoder(*proof)
            error = ((compiled(*proof) - expected).abs().max() / expected.abs().max()).item()
    except Exception as reason:
        logger.warning("OpenVINO cannot compile the encoder, torch runs it: %s", reason)
        return encoder
    if not error <= _TOLERANCE[device.dtype]:
        logger.warning("OpenVINO's states are %.1f %% off, torch runs the encoder", 100 * error)
        return encoder
    return compiled


def _trace(encoder: Encoder, dtype: torch.dtype) -> Any:  # Any: openvino has no types
    """The encoder's operations, its weights as constants among them, for OpenVINO to convert while this is alive.

    In bf16 a product with the identity ends them. OpenVINO keeps in fp32 what leads to the end without a product, in a
    transformer all sums and norms along its residuals; so they are bf16 too, which is a tenth faster.

    A bare graph: of a module that is traced whole torch keeps the classes as long as the process lives, and it takes
    three times as long. torch.export takes longer still, leaves 2 MB behind each time, and its model is a tenth slower
    here. openvino.convert_model would report its use to the vendor.
    """
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
    from torch.jit._trace import _get_trace_graph

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer's, about sizes that the proof checks
        identity = torch.eye(encoder.width)
        forward = encoder.forward if dtype == torch.float32 else lambda *inputs: encoder(*inputs) @ identity
        graph, _ = _get_trace_graph(forward, _example(*_EXAMPLE))  # type: ignore[no-untyped-call]  # torch's
    # As in a module traced whole; without it products are merged and round in another way.
    torch._C._jit_pass_constant_pooling(graph)  # type: ignore[attr-defined]  # not in torch's stubs
    return TorchScriptPythonDecoder(None, graph_element=graph, alias_db=graph.alias_db())


def _example(n_windows: int, n_tokens: int) -> tuple[Tensor, Tensor]:
    """Token ids that every vocabulary has, and a mask with padding."""
    token_ids = torch.arange(n_windows * n_tokens).view(n_windows, n_tokens) % 16
    mask = torch.ones(n_windows, n_tokens, dtype=torch.bool)
    mask[-1, n_tokens // 2 :] = False
    return token_ids, mask

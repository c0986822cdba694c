"""Forward passes without training: what a network says of examples, and the vectors of their sentences."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from copydesk.model.network.heads import Network
from copydesk.model.network.windows import SpecialTokens
from copydesk.training.console import SILENT, Progress
from copydesk.training.fit.examples import UNKNOWN, Example, ExampleBatch, collate
from copydesk.training.metrics.quality import Floats

_AT_ONCE = 16  # examples
_BATCH_TOKENS = 2048  # of one forward pass on a CPU; activations of larger ones leave the cache
_GPU_BATCH_TOKENS = 65_536  # on a GPU, which small ones leave idle


def has_bf16() -> bool:
    """Whether autocast computes in bf16 here."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return not torch.backends.mps.is_available()


def batch_tokens() -> int:
    """Tokens of one forward pass here."""
    return _GPU_BATCH_TOKENS if torch.cuda.is_available() else _BATCH_TOKENS


def predict_logits(model: nn.Module, examples: Sequence[Example], special: SpecialTokens) -> Floats:
    """Tag logits, float64 [stories, labels], in the order of the examples."""
    device = _device(model)
    with _inference(model):
        rows = [
            model(batch.inputs, batch.layout.to(device)).logits.float().cpu().numpy()
            for batch in _batches(examples, special)
        ]
    return np.concatenate(rows).astype(np.float64)


def predict_targets(
    network: Network, examples: Sequence[Example], special: SpecialTokens, progress: Progress, name: str
) -> list[Example]:
    """The examples with what the network says of them, as soft targets; a title's sentence stays unknown."""
    device = _device(network)
    found: list[Example] = []
    with _inference(network):
        for batch in _track(examples, special, progress, name):
            output = network(batch.inputs, batch.layout.to(device))
            sentences = output.sentences.float().sigmoid().cpu()
            sentences[batch.layout.position < 0] = UNKNOWN
            labels = output.logits.float().sigmoid().cpu()
            found += map(_taught, examples[len(found) :], labels, torch.split(sentences, batch.n_sentences))
    return found


def sentence_vectors(
    network: Network, examples: Sequence[Example], special: SpecialTokens, progress: Progress = SILENT
) -> list[Tensor]:
    """Vectors of each example's sentences, float32 [sentences, width]."""
    found: list[Tensor] = []
    with _inference(network):
        for batch in _track(examples, special, progress, "encoding sentences"):
            assert isinstance(batch.inputs, list)
            vectors = network.encode(batch.inputs, sum(batch.n_sentences)).vectors
            found += torch.split(vectors.cpu(), batch.n_sentences)
    return found


def _taught(example: Example, labels: Tensor, sentences: Tensor) -> Example:
    return replace(example, labels=labels.numpy(), sentences=sentences.numpy())


def _batches(examples: Sequence[Example], special: SpecialTokens) -> Iterator[ExampleBatch]:
    for start in range(0, len(examples), _AT_ONCE):
        yield collate(examples[start : start + _AT_ONCE], special, batch_tokens())["batch"]


def _track(
    examples: Sequence[Example], special: SpecialTokens, progress: Progress, name: str
) -> Iterator[ExampleBatch]:
    return progress.track(_batches(examples, special), -(-len(examples) // _AT_ONCE), name, "batches")


@contextmanager
def _inference(model: nn.Module) -> Iterator[None]:
    was_training = model.training
    model.eval()
    with torch.inference_mode(), torch.autocast(_device(model).type, torch.bfloat16, enabled=has_bf16()):
        yield
    model.train(was_training)


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device

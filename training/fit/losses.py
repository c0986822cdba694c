"""What training makes small: the loss of tags, and those of what is said of sentences."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from copydesk.model.network.heads import NetworkOutput
from copydesk.model.network.sizes import SentenceScore
from copydesk.training.fit.examples import UNKNOWN

_UNIT_LABELS = 4  # labels whose losses weigh together as much as salience does
_WEIGHTS = {
    SentenceScore.SALIENCE: 1.0,
    SentenceScore.FURNITURE: 0.5,
    SentenceScore.DANGLING: 0.5,
    SentenceScore.ORACLE: 1.0,
}


def joint_loss(output: NetworkOutput, labels: Tensor, sentences: Tensor, weight: float) -> Tensor:
    """Tag loss plus, times `weight`, the losses of the sentences' scores.

    labels: float32 [stories, labels]; sentences: float32 [sentences, SentenceScore]; UNKNOWN targets count nowhere.
    The tag loss is a sum over labels: as a mean, a label among many would count for nothing beside the salience.
    """
    loss = masked_loss(output.logits, labels) * (output.logits.shape[1] / _UNIT_LABELS)
    for column, share in _WEIGHTS.items():
        targets = sentences[:, column]
        if (targets != UNKNOWN).any():  # a backward pass through the head would give zeros
            loss = loss + weight * share * masked_loss(output.sentences[:, column], targets)
    return loss


def vector_loss(vectors: Tensor, taught: Tensor) -> Tensor:
    """Squared distance of sentence vectors from a teacher's, as a share of the teacher's own squares.

    vectors and taught: [sentences, width].
    """
    taught = taught.float()
    loss: Tensor = (vectors - taught).square().sum() / taught.square().sum()
    return loss


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean binary cross-entropy over the known targets, which may be soft; 0 where none is known."""
    known = targets != UNKNOWN
    loss = binary_cross_entropy_with_logits(logits, targets.clamp(min=0), reduction="none")
    mean: Tensor = (loss * known).sum() / known.sum().clamp(min=1)
    return mean


def masked_mean_loss(logits: Tensor, targets: Tensor) -> float:
    """The same of logits that need no gradient, as a number."""
    with torch.no_grad():
        return masked_loss(logits, targets).item()

import math

import pytest
import torch

pytest.importorskip("peft")

from copydesk.model.network.heads import NetworkOutput
from copydesk.model.network.sizes import SentenceScore
from copydesk.training.fit.examples import UNKNOWN
from copydesk.training.fit.losses import joint_loss, masked_loss
from copydesk.training.fit.trainer import encoder_depths


def test_unknown_targets_count_nowhere_and_soft_ones_by_their_share() -> None:
    logits, targets = torch.tensor([0.0, 50.0, 0.0]), torch.tensor([1.0, UNKNOWN, 0.5])
    assert masked_loss(logits, targets).item() == pytest.approx(math.log(2))
    assert masked_loss(logits, torch.full((3,), UNKNOWN)).item() == 0


def test_the_joint_loss_adds_tags_and_what_is_said_of_sentences() -> None:
    output = NetworkOutput(torch.zeros(2, 8), torch.zeros(1, 8), torch.zeros(2, len(SentenceScore)), torch.zeros(2, 4))
    labels = torch.ones(1, 8)
    nothing = torch.full((2, len(SentenceScore)), UNKNOWN)
    assert joint_loss(output, labels, nothing, 1.0).item() == pytest.approx(2 * math.log(2))  # 8 labels count as two
    judged = nothing.clone()
    judged[:, [SentenceScore.SALIENCE, SentenceScore.FURNITURE]] = 1.0
    assert joint_loss(output, labels, judged, 1.0).item() == pytest.approx((2 + 1 + 0.5) * math.log(2))
    assert joint_loss(output, labels, judged, 0.0).item() == pytest.approx(2 * math.log(2))


def test_layers_are_counted_from_the_top_and_heads_have_no_depth() -> None:
    names = ["encoder.body.encoder.layer.0.x.weight", "encoder.body.encoder.layer.5.x.weight", "tag_head.bias"]
    names.append("encoder.body.embeddings.word_embeddings.weight")
    assert encoder_depths(names) == {names[0]: 5, names[1]: 0, names[3]: 6}
    assert encoder_depths(["encoder.body.layers.2.mlp.weight"]) == {"encoder.body.layers.2.mlp.weight": 0}

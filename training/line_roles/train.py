"""The training of the page reader's classifier of line roles, on composed pages whose roles are known."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from copydesk.model.page.lines import Line, split_lines
from copydesk.model.page.roles.borders import N_FEATURES
from copydesk.model.page.roles.classifier import REACH, ROLES, RoleClassifier
from copydesk.model.page.roles.features import describe_lines
from copydesk.model.page.roles.trees import NO_TREES
from copydesk.training.line_roles.language import Block

_MEMBERS, _HIDDEN, _EPOCHS, _BATCH = 12, 32, 8, 1024
_BLUR, _BLOT = 0.3, 0.2  # noise in standard deviations, share of features hidden: 0.90 -> 0.93 F1 on real pages
_BODY_WEIGHT = 3.0  # a lost line of body is worse than a line of furniture kept


@dataclass(frozen=True)
class LabelledPage:
    """A composed page's lines, with the role of each and the number of the story it belongs to (0: none)."""

    lines: list[Line]
    features: NDArray[np.float32]
    roles: NDArray[np.int64]
    stories: NDArray[np.int64]


def label_page(page: Block) -> LabelledPage:
    """The lines of a composed page, described and labelled."""
    label_at, offset = {}, 0
    for role, line in page:
        label_at[offset + len(line) - len(line.lstrip())] = role
        offset += len(line) + 1
    lines = split_lines("\n".join(line for _, line in page))
    labels = [label_at[line.start].partition(" ") for line in lines]
    return LabelledPage(
        lines,
        describe_lines(lines),
        np.array([ROLES.index(role) for role, _, _ in labels]),
        np.array([int(story or 0) for _, _, story in labels]),
    )


class _Committee(nn.Module):
    """Small networks side by side; each sees the same lines, none sees another."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_features, _MEMBERS * _HIDDEN)
        width = _HIDDEN**-0.5
        self.output = nn.Parameter(torch.empty(_MEMBERS, _HIDDEN, len(ROLES)).uniform_(-width, width))
        self.output_bias = nn.Parameter(torch.zeros(_MEMBERS, len(ROLES)))

    def forward(self, features: Tensor) -> Tensor:
        """Logits [members, lines, roles] of lines [lines, features]."""
        hidden = self.hidden(features).relu().view(len(features), _MEMBERS, _HIDDEN)
        return torch.einsum("lmh,mhr->mlr", hidden, self.output) + self.output_bias[:, None]


def train_classifier(features: NDArray[np.float32], roles: NDArray[np.int64], seed: int) -> RoleClassifier:
    """A classifier of line roles, without borders and trees: the mean of a few small networks, written as one.

    A single one is a matter of luck on real pages, which differ from composed ones.
    """
    mean, scale = features.mean(0), features.std(0) + 1e-2
    inputs = torch.from_numpy((features - mean) / scale).clamp(-REACH, REACH)
    torch.manual_seed(seed)
    networks = _Committee(inputs.shape[1])
    _fit(networks, inputs, torch.from_numpy(roles))
    hidden, hidden_bias = (parameter.detach().numpy() for parameter in networks.hidden.parameters())
    output = (networks.output.detach() / _MEMBERS).flatten(0, 1).numpy()  # [M, H, R] -> [MH, R]
    bias = networks.output_bias.detach().mean(0).numpy()
    border = np.zeros(N_FEATURES + 1, np.float32)
    return RoleClassifier(mean, scale, hidden.T, hidden_bias, output, bias, border, NO_TREES)


def _fit(networks: _Committee, inputs: Tensor, targets: Tensor) -> None:
    """Fit the networks to lines blurred and blotted, so that they lean on no single feature."""
    loss = nn.CrossEntropyLoss(weight=torch.tensor([_BODY_WEIGHT] + [1.0] * (len(ROLES) - 1)), label_smoothing=0.02)
    optimizer = torch.optim.AdamW(networks.parameters(), weight_decay=0.01)
    n_batches = len(inputs) // _BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=_EPOCHS * n_batches)
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(inputs))[: n_batches * _BATCH].view(-1, _BATCH):
            seen = inputs[batch] * (torch.rand(_BATCH, inputs.shape[1]) > _BLOT)
            logits = networks(seen + _BLUR * torch.randn_like(seen))
            optimizer.zero_grad()
            loss(logits.flatten(0, 1), targets[batch].repeat(_MEMBERS)).backward()
            optimizer.step()
            schedule.step()

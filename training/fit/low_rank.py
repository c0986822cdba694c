"""What training changed in the encoder: whole weights, or one low-rank update per linear layer."""

from collections.abc import Mapping

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from copydesk.model.errors import ConfigError
from copydesk.model.network.heads import Network

Weights = Mapping[str, Tensor]


def bundle_weights(network: Network, start: Weights, original: Weights, rank: int) -> dict[str, Tensor]:
    """The tensors that a bundle stores: the heads, and the encoder's updates of this rank or, with 0, its weights.

    start: the encoder's weights when training began; original: those of the plain encoder.
    """
    heads = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith("encoder.")}
    weights = encoder_weights(network.encoder.body, start)
    if not rank:
        return heads | {f"encoder.{name}": tensor for name, tensor in weights.items()}
    return heads | {f"adapter.{name}": tensor for name, tensor in low_rank_updates(weights, original, rank).items()}


def copy_weights(module: nn.Module) -> dict[str, Tensor]:
    """The module's weights as they are now."""
    return {name: weight.clone() for name, weight in module.state_dict().items()}


def encoder_weights(body: nn.Module, start: Weights) -> dict[str, Tensor]:
    """The trained weights in fp32 by the encoder's own names, low-rank updates merged in.

    start: the weights that training began with; frozen ones may be kept rounded in `body`.
    """
    weights = dict(start)
    for name, module in body.named_modules():
        if isinstance(module, LoraLayer):
            key = f"{name}.weight"
            weights[key] = start[key] + module.get_delta_weight("default").detach().float().cpu()
    trained = {name: p.detach().float().cpu() for name, p in body.named_parameters() if p.requires_grad}
    return weights | {name: weight for name, weight in trained.items() if name in start}


def low_rank_updates(weights: Weights, original: Weights, rank: int) -> dict[str, Tensor]:
    """Updates that lead from the original weights to these, under PEFT's names, each cut to `rank`.

    Raises ConfigError: see `check_storable`.
    """
    check_storable(weights, original, rank)
    updates: dict[str, Tensor] = {}
    for name, weight in weights.items():
        change = weight - original[name]
        if change.any():
            b, a = _factor(change, rank)
            module = f"base_model.model.{name.removesuffix('.weight')}"
            updates |= {f"{module}.lora_A.weight": a, f"{module}.lora_B.weight": b}
    return updates


def check_storable(weights: Weights, original: Weights, rank: int) -> None:
    """Raise ConfigError when something but the matrices changed: an update of a rank cannot hold that, 0 holds all."""
    for name, weight in weights.items() if rank else ():
        is_matrix = weight.dim() == 2 and name.endswith(".weight")
        if not is_matrix and not torch.equal(weight, original[name]):
            raise ConfigError(
                f"the base bundle changed {name!r} of its encoder; set encoder.rank = 0 to store all of it"
            )


def _factor(change: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """B [out, rank] and A [rank, in], whose product is nearest to `change` (Eckart & Young 1936)."""
    u, s, v = torch.linalg.svd(change, full_matrices=False)
    root = s[:rank].sqrt()
    return (u[:, :rank] * root).contiguous(), (root[:, None] * v[:rank]).contiguous()

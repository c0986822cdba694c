"""What of a network is trained: every matrix, low-rank updates of them, or the heads alone."""

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor

from copydesk.model.network.heads import Network, NetworkOutput, SentenceLayout
from copydesk.training.config import EncoderSection
from copydesk.training.fit.forward import has_bf16

# The linear layers of the architectures we load, by the ends of their names.
_LORA_TARGETS = {
    *("query", "key", "value", "dense"),  # bert, roberta, electra
    *("q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"),  # distilbert
    *("q", "k", "v", "o"),  # mpnet
    *("query_proj", "key_proj", "value_proj"),  # deberta-v2
    *("Wqkv", "Wo", "Wi"),  # modernbert
}


def prepare_encoder(network: Network, section: EncoderSection) -> None:
    """Freeze what is not trained and add low-rank updates, by the configured mode.

    "full" with a rank trains the matrices alone, for only they can be stored as low-rank updates. Weights frozen by
    "lora" are kept in bf16: autocast would cast them anew at every step (15 % of it on a CPU).
    """
    body = network.encoder.body
    body.requires_grad_(requires_grad=section.mode == "full" and section.rank == 0)
    linear = {name: module for name, module in body.named_modules() if isinstance(module, torch.nn.Linear)}
    if section.mode == "full":
        for module in linear.values():
            module.weight.requires_grad = True
    if section.mode == "lora":
        if has_bf16():
            body.to(torch.bfloat16)
        targets = sorted({name.rpartition(".")[2] for name in linear} & _LORA_TARGETS)
        inject_adapter_in_model(LoraConfig(r=section.rank, lora_alpha=section.alpha, target_modules=targets), body)
        for layer in body.modules():
            if isinstance(layer, LoraLayer):
                layer.cast_input_dtype_enabled = False  # autocast casts the small matrices, not the states
        for parameter in body.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()


class FrozenEncoderNetwork(torch.nn.Module):
    """The heads of a network over sentence vectors that were computed once: a frozen encoder gives no others."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.tag_head, self.sentence_head = network.tag_head, network.sentence_head
        self._score = network.score

    def forward(self, vectors: Tensor, layout: SentenceLayout) -> NetworkOutput:
        """What the heads say of sentence vectors, float32 [sentences, width]."""
        return self._score(vectors, layout)

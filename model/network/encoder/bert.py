"""BERT (Devlin et al. 2019), with the names and the call of transformers' model.

Of its own because importing that one takes a service 1.2 of the 4.4 s until it is ready, and 80 MB.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention, softmax

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]  # of queries, keys and values, each [tokens, heads, head's width]

_UNUSUAL = ("is_decoder", "add_cross_attention")
_FIRST = "embeddings.word_embeddings.weight"  # of a checkpoint; what stands before it stands before all names
_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # of TensorFlow's checkpoints


@dataclass
class BertConfig:
    """A BERT's sizes, named as in its config.json."""

    model_type: str
    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


@dataclass(frozen=True)
class States:
    """last_hidden_state: [windows, tokens, width]."""

    last_hidden_state: Tensor


def read_bert_config(values: Mapping[str, Any]) -> BertConfig | None:
    """The sizes in a config.json; none where it is no BERT, or one that differs from the usual in more than those.

    Raises ValueError for a size that cannot be.
    """
    sizes = get_type_hints(BertConfig)
    is_usual = values.get("hidden_act", "gelu") == "gelu" and not any(map(values.get, _UNUSUAL))
    if values.get("model_type") != "bert" or not is_usual or not sizes.keys() <= values.keys():
        return None
    for name, kind in sizes.items():
        if not isinstance(values[name], kind) or (kind is not str and not values[name] > 0):
            raise ValueError(f"config.json: {name} is {values[name]!r}, expected {kind.__name__} above 0")
    config = BertConfig(**{name: values[name] for name in sizes})
    if config.hidden_size % config.num_attention_heads:
        raise ValueError(
            f"config.json: {config.num_attention_heads} heads do not share a width of {config.hidden_size}"
        )
    return config


def make_bert(config: BertConfig, weights: Mapping[str, Tensor]) -> "Bert":
    """The model with these weights in fp32, by the names of its checkpoint; those of heads and poolers are left out.

    Raises RuntimeError, which names them, for weights that are missing or of another size, ValueError for others that
    cannot be.
    """
    prefix = min((name.removesuffix(_FIRST) for name in weights if name.endswith(_FIRST)), key=len, default="")
    named = {
        _new_name(name.removeprefix(prefix)): tensor for name, tensor in weights.items() if name.startswith(prefix)
    }
    if f"encoder.layer.{config.num_hidden_layers - 1}.output.dense.weight" not in named:
        raise ValueError(f"config.json: num_hidden_layers is {config.num_hidden_layers}, the weights have fewer")
    with torch.device("meta"):
        bert = Bert(config)
    own = {name: named[name] for name in bert.state_dict() if name in named}
    for name, tensor in own.items():
        if not tensor.is_floating_point():
            raise ValueError(f"{name} is {tensor.dtype}: a quantised model, take the one that it was made of")
    bert.load_state_dict({name: tensor.float() for name, tensor in own.items()}, assign=True)
    return bert


def _new_name(name: str) -> str:
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    return name


class Bert(nn.Module):
    """The encoder without pooler or dropout."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.encoder = _Layers(config)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        attend: Attend | None = None,
    ) -> States:
        """States from int64 ids and a bool mask, both [windows, tokens]. attend: in place of attention under a mask."""
        states = self.embeddings(input_ids, position_ids)
        mask = None if attention_mask is None else attention_mask[:, None, None, :]  # [windows, 1, 1, tokens]
        for layer in self.encoder.layer:
            states = layer(states, mask, attend)
        return States(states)

    def set_attn_implementation(self, name: str) -> None:
        """How it attends under a mask: "eager", whose backward pass is the faster one on a CPU; else by sdpa."""
        for module in self.modules():
            if isinstance(module, _Attention):
                module.is_eager = name == "eager"


class _Embeddings(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, ids: Tensor, positions: Tensor | None) -> Tensor:
        """[windows, tokens] -> [windows, tokens, width]; all tokens are of the first type."""
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)
        states = self.word_embeddings(ids) + self.token_type_embeddings.weight[0]
        normed: Tensor = self.LayerNorm(states + self.position_embeddings(positions))
        return normed


class _Layers(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))


class _Layer(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = _Attention(config)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(config.hidden_size, config.intermediate_size)})
        self.output = _Output(config.intermediate_size, config)

    def forward(self, states: Tensor, mask: Tensor | None, attend: Attend | None) -> Tensor:
        states = self.attention(states, mask, attend)
        output: Tensor = self.output(gelu(self.intermediate["dense"](states)), states)
        return output


class _Attention(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.n_heads = config.num_attention_heads
        self.self = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
        self.output = _Output(width, config)
        self.is_eager = False

    def forward(self, states: Tensor, mask: Tensor | None, attend: Attend | None) -> Tensor:
        """[windows, tokens, width] -> the same shape."""
        queries, keys, values = (
            self.self[name](states).unflatten(2, (self.n_heads, -1)) for name in ("query", "key", "value")
        )  # [windows, tokens, heads, head's width]
        if attend is None:
            attended = self._attend(queries.transpose(1, 2), keys.transpose(1, 2), values.transpose(1, 2), mask)
        else:
            attended = attend(queries.squeeze(0), keys.squeeze(0), values.squeeze(0)).unsqueeze(0)
        output: Tensor = self.output(attended.flatten(2), states)
        return output

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """[windows, heads, tokens, head's width] -> [windows, tokens, heads, head's width]."""
        if not self.is_eager:
            return scaled_dot_product_attention(queries, keys, values, mask).transpose(1, 2)
        scores = queries @ keys.transpose(2, 3) * queries.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        return (softmax(scores, -1, dtype=torch.float32).to(queries.dtype) @ values).transpose(1, 2)


class _Output(nn.Module):
    def __init__(self, inner: int, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, states: Tensor, residual: Tensor) -> Tensor:
        """[windows, tokens, inner] and [windows, tokens, width] -> the latter's shape."""
        normed: Tensor = self.LayerNorm(self.dense(states) + residual)
        return normed

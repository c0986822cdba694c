"""The encoder, loaded from its files. The one module on the serving path that knows transformers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from copydesk.model.errors import EncoderError
from copydesk.model.network.encoder.bert import Attend, Bert, make_bert, read_bert_config
from copydesk.model.network.encoder.files import EncoderFiles

_HANDED_IN = "copydesk_handed_in"  # the name of the attention that comes with each call
_ARCHITECTURES = {
    *("bert", "camembert", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "roberta", "xlm-roberta"),
}
# A config.json can name code to run (CVE-2026-4372, CVE-2026-5241). Numbers cannot; of the rest, these keys cannot.
_HARMLESS_KEYS = frozenset(
    """
    _name_or_path activation architectures classifier_pooling deterministic_flash_attn dtype finetuning_task
    global_rope_theta hidden_act hidden_activation id2label label2id language layer_types model_type norm_type
    pooler_hidden_act pos_att_type position_biased_input position_embedding_type problem_type rope_parameters
    share_att_key sparse_prediction summary_activation summary_type task_specific_params torch_dtype
    transformers_version
    """.split()  # noqa: SIM905 - a table of words
)


class Encoder(nn.Module):
    """A transformer that turns token ids into states; `body` is the transformers model, or called as one is."""

    def __init__(self, body: nn.Module, width: int, max_tokens: int | None = None) -> None:
        super().__init__()
        self.body = body
        self.width = width
        self.max_tokens = max_tokens  # of a window, special tokens included; none: as many as one likes

    def forward(self, token_ids: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer, [windows, tokens, width], from int64 ids and a bool mask of the same shape."""
        states: Tensor = self.body(input_ids=token_ids, attention_mask=mask).last_hidden_state
        return states


class PackedEncoder(Encoder):
    """The same transformer over windows that lie one behind the other; its attention is handed in with each call.

    It takes the body over: the encoder it is made from works again after `give_back`.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder.body, encoder.width, encoder.max_tokens)
        if not isinstance(self.body, Bert):
            from transformers import AttentionInterface

            AttentionInterface.register(_HANDED_IN, _attend_as_told)
        self._set_attention(_HANDED_IN)

    def encode(self, token_ids: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """States of the last layer, [tokens, width], from int64 ids and positions of that length."""
        output = self.body(input_ids=token_ids.unsqueeze(0), position_ids=positions.unsqueeze(0), attend=attend)
        states: Tensor = output.last_hidden_state.squeeze(0)
        return states

    def give_back(self) -> None:
        """Let the body have torch's attention again."""
        self._set_attention("sdpa")

    def _set_attention(self, name: str) -> None:
        self.body.set_attn_implementation(name)  # type: ignore[operator]  # of transformers' models


def _attend_as_told(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: None, *, attend: Attend, **_: object
) -> tuple[Tensor, None]:
    """What transformers asks for: [1, heads, tokens, head's width] -> [1, tokens, heads, head's width]."""
    return attend(*(states.squeeze(0).transpose(0, 1) for states in (query, key, value))).unsqueeze(0), None


def load_encoder(files: EncoderFiles, layers: Sequence[int] = ()) -> Encoder:
    """The pretrained encoder in fp32, without dropout (a small encoder on much text does not need it).

    layers: those to keep, in order, counted from 0; none: all. Raises EncoderError.
    """
    values = _read_config(files)
    try:
        body = _load_bert(files, values) or _load_other(files, values)
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise EncoderError(f"encoder {files.name!r}: {files.path} does not load: {error}") from error
    encoder = Encoder(body, body.config.hidden_size, _max_tokens(body.config))
    if layers:
        keep_layers(encoder, layers, files.name)
    return encoder


def _load_bert(files: EncoderFiles, values: Mapping[str, Any]) -> Bert | None:
    config = read_bert_config(values)
    return make_bert(config, load_file(files.path / "model.safetensors")) if config else None


def _load_other(files: EncoderFiles, values: dict[str, Any]) -> Any:  # Any: transformers' models have no common type
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        config = transformers.AutoConfig.for_model(**values)
    except Exception as error:  # of many types
        raise ValueError(f"config.json: {error}") from error
    for key in [key for key in vars(config) if key.endswith("dropout") or key.endswith("dropout_prob")]:
        setattr(config, key, 0.0)
    body: Any = transformers.AutoModel.from_pretrained(
        files.path,
        config=config,
        dtype=torch.float32,
        attn_implementation="sdpa",
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
    )
    body.pooler = None  # we pool sentences ourselves
    return body


def keep_layers(encoder: Encoder, layers: Sequence[int], name: str) -> None:
    """Leave the encoder these of its layers, in this order, counted from 0. Raises EncoderError for one it lacks."""
    body: Any = encoder.body  # as above
    owners = (owner for owner in body.modules() if any(isinstance(child, nn.ModuleList) for child in owner.children()))
    owner = next(owners)  # in every architecture that we load the first list of modules is that of the layers
    key, stack = next((key, child) for key, child in owner.named_children() if isinstance(child, nn.ModuleList))
    if max(layers) >= len(stack):
        raise EncoderError(f"encoder {name!r}: layer {max(layers)} is wanted, it has {len(stack)}, counted from 0")
    setattr(owner, key, nn.ModuleList([stack[number] for number in layers]))
    body.config.num_hidden_layers = len(layers)


def _max_tokens(config: Any) -> int | None:  # Any: transformers' configurations have no common type
    """How many positions it knows: RoBERTa's begin behind that of padding, DeBERTa's are relative."""
    n_positions = getattr(config, "max_position_embeddings", None)
    if n_positions is None or not getattr(config, "position_biased_input", True):
        return None
    is_shifted = config.model_type in ("camembert", "mpnet", "roberta", "xlm-roberta")
    return int(n_positions) - (config.pad_token_id + 1 if is_shifted else 0)


def merge_adapter(encoder: Encoder, adapter: dict[str, Tensor], scale: float) -> None:
    """Add low-rank updates to the encoder's weights, in place: W += scale * B @ A (Hu et al. 2021, eq. 3).

    adapter: PEFT's names, `base_model.model.<module>.lora_A.weight` [rank, in] and `.lora_B.weight` [out, rank].
    Raises EncoderError for a module that the encoder does not have.
    """
    for key in sorted(adapter):
        if not key.endswith(".lora_A.weight"):
            continue
        name = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        a, b = adapter[key].float(), adapter[key.replace(".lora_A.", ".lora_B.")].float()
        try:
            weight = encoder.body.get_parameter(f"{name}.weight")
        except AttributeError as error:
            raise EncoderError(f"adapter: the encoder has no module {name!r}; it was trained on another one") from error
        weight.data += scale * (b @ a)  # [out, rank] @ [rank, in]


def _read_config(files: EncoderFiles) -> dict[str, Any]:
    path = files.path / "config.json"
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EncoderError(f"{path}: not JSON: {error}") from error
    if not isinstance(values, dict):
        raise EncoderError(f"{path}: {type(values).__name__}, expected an object with model_type and sizes")
    if not isinstance(values.get("model_type"), str) or values["model_type"] not in _ARCHITECTURES:
        raise EncoderError(
            f"{path}: model_type {values.get('model_type')!r} is not among {', '.join(sorted(_ARCHITECTURES))}"
        )
    for key, value in values.items():
        if key not in _HARMLESS_KEYS and not isinstance(value, int | float | None):
            raise EncoderError(f"{path}: key {key!r} could name code to run; remove it if the model works without")
    if (kind := values.get("position_embedding_type", "absolute")) != "absolute":
        raise EncoderError(f"{path}: position_embedding_type {kind!r} is not supported, only 'absolute' is")
    return values

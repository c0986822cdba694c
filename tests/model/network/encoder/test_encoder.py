import json
import shutil
from pathlib import Path

import pytest

from copydesk.model.errors import EncoderError
from copydesk.model.network.encoder.encoder import load_encoder
from copydesk.model.network.encoder.files import DEFAULT_ENCODER, find_encoder, load_tokenizer, special_tokens
from support.tiny import TINY_ENCODER


@pytest.fixture
def encoder_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY_ENCODER, tmp_path / "encoder"))


def change_config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_the_default_encoder_is_the_original() -> None:
    files = find_encoder(DEFAULT_ENCODER)
    assert files.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_a_changed_default_encoder_is_refused(encoder_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.model.network.encoder.files._installed_folder", lambda: encoder_copy)
    with pytest.raises(EncoderError, match=r"has SHA-256 .* expected 53aa51172d14.*reinstall"):
        find_encoder(DEFAULT_ENCODER)


def test_no_tokenizer_cuts_a_text_in_silence() -> None:
    for name in (DEFAULT_ENCODER, str(TINY_ENCODER)):
        tokenizer = load_tokenizer(find_encoder(name))
        assert len(tokenizer.encode("rain " * 5000, add_special_tokens=False).ids) == 5000


def test_special_tokens_are_the_tokenizers_own() -> None:
    special = special_tokens(load_tokenizer(find_encoder(DEFAULT_ENCODER)))
    assert (special.first, special.last, special.padding) == (101, 102, 0)


def test_a_name_that_is_no_folder_is_refused() -> None:
    with pytest.raises(EncoderError, match="'minilm': no such folder; expected 'all-MiniLM-L6-v2'"):
        find_encoder("minilm")


def test_a_missing_file_is_named(encoder_copy: Path) -> None:
    (encoder_copy / "tokenizer.json").unlink()
    with pytest.raises(EncoderError, match=r"has no tokenizer\.json"):
        find_encoder(str(encoder_copy))


@pytest.mark.parametrize(
    "key",
    ["auto_map", "quantization_config", "attn_implementation", "custom_pipelines", "_attn_implementation_internal"],
)
def test_a_config_that_could_name_code_is_refused(encoder_copy: Path, key: str) -> None:
    change_config(encoder_copy, **{key: {"AutoModel": "evil.Model"}})
    with pytest.raises(EncoderError, match=f"key '{key}' could name code"):
        load_encoder(find_encoder(str(encoder_copy)))


def test_an_unknown_architecture_is_refused(encoder_copy: Path) -> None:
    change_config(encoder_copy, model_type="my_model")
    with pytest.raises(EncoderError, match="model_type 'my_model' is not among bert"):
        load_encoder(find_encoder(str(encoder_copy)))


@pytest.mark.parametrize(
    "text", ["[]", "null", '{"model_type": ["bert"]}', '{"model_type": "bert", "hidden_size": null}']
)
def test_a_config_that_says_nothing_is_refused(encoder_copy: Path, text: str) -> None:
    (encoder_copy / "config.json").write_text(text)
    with pytest.raises(EncoderError, match=str(encoder_copy)):
        load_encoder(find_encoder(str(encoder_copy)))


def test_positions_of_another_kind_are_refused(encoder_copy: Path) -> None:
    change_config(encoder_copy, position_embedding_type="relative_key")
    with pytest.raises(EncoderError, match="position_embedding_type 'relative_key' is not supported"):
        load_encoder(find_encoder(str(encoder_copy)))


@pytest.mark.parametrize("text", ["", "{}", "tokens"])
def test_a_tokenizer_that_does_not_load_is_named(encoder_copy: Path, text: str) -> None:
    (encoder_copy / "tokenizer.json").write_text(text)
    with pytest.raises(EncoderError, match=r"tokenizer\.json does not load"):
        load_tokenizer(find_encoder(str(encoder_copy)))


def test_a_hub_model_is_read_from_the_local_cache(
    encoder_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--desk--tiny"
    shutil.copytree(encoder_copy, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    files = find_encoder("desk/tiny")
    assert files.revision == commit
    assert load_encoder(files).width == 32
    with pytest.raises(EncoderError, match="'desk/other', revision main: not in the local cache"):
        find_encoder("desk/other")


def test_a_folder_of_setfit_is_an_encoder_and_its_pickled_head_is_never_loaded(encoder_copy: Path) -> None:
    (encoder_copy / "config_setfit.json").write_text('{"labels": ["trade", "drugs"], "normalize_embeddings": false}')
    (encoder_copy / "modules.json").write_text('[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]')
    (encoder_copy / "model_head.pkl").write_bytes(b"cos\nabort\n(tR.")  # ends the process of whoever unpickles it
    encoder = load_encoder(find_encoder(str(encoder_copy)))
    assert encoder.state_dict().keys() == load_encoder(find_encoder(str(TINY_ENCODER))).state_dict().keys()

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import Tensor

from copydesk.model.errors import EncoderError
from copydesk.model.network.encoder.bert import Bert, make_bert, read_bert_config
from copydesk.model.network.encoder.encoder import load_encoder
from copydesk.model.network.encoder.files import DEFAULT_ENCODER, find_encoder
from support.tiny import TINY_ENCODER

CONFIG = json.loads((TINY_ENCODER / "config.json").read_text())
WEIGHTS = load_file(TINY_ENCODER / "model.safetensors")


def make_tokens() -> tuple[Tensor, Tensor]:
    """Three windows, the last one half padding."""
    mask = torch.ones(3, 20, dtype=torch.bool)
    mask[2, 10:] = False
    return torch.arange(60).view(3, 20) % 50, mask


@pytest.mark.parametrize("name", [DEFAULT_ENCODER, str(TINY_ENCODER)])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_it_computes_what_transformers_computes(name: str, attention: str) -> None:
    path = find_encoder(name).path
    theirs = transformers.AutoModel.from_pretrained(path, attn_implementation=attention).eval()
    ours = load_encoder(find_encoder(name)).body
    assert isinstance(ours, Bert)
    ours.set_attn_implementation(attention)
    ids, mask = make_tokens()
    with torch.inference_mode():
        expected = theirs(input_ids=ids, attention_mask=mask).last_hidden_state
        torch.testing.assert_close(ours(ids, mask).last_hidden_state[mask], expected[mask], atol=1e-5, rtol=1e-5)


def test_its_parameters_have_the_names_of_transformers() -> None:
    theirs = transformers.AutoModel.from_pretrained(TINY_ENCODER, add_pooling_layer=False)
    names = {name: parameter.shape for name, parameter in theirs.named_parameters()}
    ours = load_encoder(find_encoder(str(TINY_ENCODER))).body
    assert {name: parameter.shape for name, parameter in ours.named_parameters()} == names


def test_the_default_encoder_loads_without_transformers() -> None:
    script = (
        "import sys\n"
        "from copydesk.model.analyzer import Analyzer\n"
        "Analyzer.load(device='cpu').analyze('Heroin was found at the border.')\n"
        "assert 'transformers' not in sys.modules, 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "electra"},
        {"hidden_act": "relu"},
        {"is_decoder": True},
    ],
)
def test_an_unusual_one_is_left_to_transformers(change: dict[str, object]) -> None:
    assert read_bert_config(CONFIG | change) is None


def test_one_that_does_not_say_a_size_is_left_to_transformers() -> None:
    assert read_bert_config({key: value for key, value in CONFIG.items() if key != "layer_norm_eps"}) is None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("hidden_size", None, "hidden_size is None, expected int above 0"),
        ("hidden_size", 32.0, "hidden_size is 32.0, expected int above 0"),
        ("num_hidden_layers", -1, "num_hidden_layers is -1, expected int above 0"),
        ("layer_norm_eps", float("nan"), "layer_norm_eps is nan, expected float above 0"),
        ("num_attention_heads", 5, "5 heads do not share a width of 32"),
    ],
)
def test_a_size_that_cannot_be_is_named(key: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_bert_config(CONFIG | {key: value})


def test_weights_of_a_whole_model_with_old_names_are_understood() -> None:
    named = {f"module.bert.{name}": tensor for name, tensor in WEIGHTS.items()}
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): tensor for name, tensor in named.items()}
    old = {name.replace("LayerNorm.bias", "LayerNorm.beta"): tensor for name, tensor in old.items()}
    config = read_bert_config(CONFIG)
    assert config is not None
    ours = make_bert(config, {**old, "cls.predictions.bias": torch.zeros(9)})
    ids, mask = make_tokens()
    with torch.inference_mode():
        expected = load_encoder(find_encoder(str(TINY_ENCODER)))(ids, mask)
        assert torch.equal(ours(ids, mask).last_hidden_state, expected)


def test_more_layers_than_there_are_weights_for_are_refused_before_they_are_made() -> None:
    config = read_bert_config(CONFIG | {"num_hidden_layers": 10**9})
    assert config is not None
    with pytest.raises(ValueError, match="num_hidden_layers is 1000000000, the weights have fewer"):
        make_bert(config, WEIGHTS)


def test_whole_numbers_are_no_weights() -> None:
    config, name = read_bert_config(CONFIG), "encoder.layer.0.output.dense.weight"
    assert config is not None
    with pytest.raises(ValueError, match=rf"{name} is torch.int8: a quantised model"):
        make_bert(config, WEIGHTS | {name: WEIGHTS[name].to(torch.int8)})


def test_missing_weights_are_named(tmp_path: Path) -> None:
    for file in ("config.json", "tokenizer.json"):
        (tmp_path / file).write_bytes((TINY_ENCODER / file).read_bytes())
    missing = "encoder.layer.0.output.dense.bias"
    save_file({name: tensor for name, tensor in WEIGHTS.items() if name != missing}, tmp_path / "model.safetensors")
    with pytest.raises(EncoderError, match=rf"(?s){tmp_path} does not load: .*{missing}"):
        load_encoder(find_encoder(str(tmp_path)))

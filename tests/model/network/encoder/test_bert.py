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
        {"position_embedding_type": "relative_key"},
        {"is_decoder": True},
        {"layer_norm_eps": None},
    ],
)
def test_an_unusual_one_is_left_to_transformers(change: dict[str, object]) -> None:
    values = {key: value for key, value in (CONFIG | change).items() if value is not None}
    assert read_bert_config(values) is None


def test_weights_of_a_whole_model_with_old_names_are_understood() -> None:
    old = {f"bert.{name.replace('LayerNorm.weight', 'LayerNorm.gamma')}": tensor for name, tensor in WEIGHTS.items()}
    old = {name.replace("LayerNorm.bias", "LayerNorm.beta"): tensor for name, tensor in old.items()}
    config = read_bert_config(CONFIG)
    assert config is not None
    ours = make_bert(config, {**old, "cls.predictions.bias": torch.zeros(9)})
    ids, mask = make_tokens()
    with torch.inference_mode():
        expected = load_encoder(find_encoder(str(TINY_ENCODER)))(ids, mask)
        assert torch.equal(ours(ids, mask).last_hidden_state, expected)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    for file in ("config.json", "tokenizer.json"):
        (tmp_path / file).write_bytes((TINY_ENCODER / file).read_bytes())
    missing = "encoder.layer.0.output.dense.bias"
    save_file({name: tensor for name, tensor in WEIGHTS.items() if name != missing}, tmp_path / "model.safetensors")
    with pytest.raises(EncoderError, match=rf"(?s){tmp_path} does not load: .*{missing}"):
        load_encoder(find_encoder(str(tmp_path)))

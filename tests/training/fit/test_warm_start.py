from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import load_network
from copydesk.model.errors import BundleError
from copydesk.model.network.encoder.encoder import load_encoder
from copydesk.model.network.encoder.files import find_encoder
from copydesk.model.network.heads import Network
from copydesk.training.config import TrainingConfig, read_config
from copydesk.training.fit.warm_start import choose_start, load_base, settle, start_from
from support.progress import Heard
from support.tiny import TINY_ENCODER, TINY_HEADS, make_tiny_bundle, write_config

TINY = TrainingConfig.model_validate({"encoder": {"name": str(TINY_ENCODER)}, "heads": asdict(TINY_HEADS)})


def test_a_base_gives_other_labels_what_it_knows(tmp_path: Path) -> None:
    bundle = make_tiny_bundle(tmp_path / "base")
    base = load_base(tmp_path / "base", find_encoder(str(TINY_ENCODER)), TINY)
    network = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 3, TINY_HEADS)
    anew = network.tag_head.value.weight.clone()
    start_from(network, base, ("drugs", "energy", "trade"))
    ours, theirs = network.tag_head, load_network(tmp_path / "base", bundle, find_encoder(str(TINY_ENCODER))).tag_head
    assert torch.equal(ours.hidden.weight, theirs.hidden.weight)
    assert torch.equal(ours.value.weight[[0, 2]], theirs.value.weight[[3, 0]])  # drugs and trade
    assert torch.equal(ours.zone[:, [0, 2]], theirs.zone[:, [3, 0]])
    assert torch.equal(ours.value.weight[1], anew[1])


def test_a_base_on_another_encoder_or_with_other_heads_is_refused(tmp_path: Path) -> None:
    files = find_encoder(str(TINY_ENCODER))
    make_tiny_bundle(tmp_path / "base")
    with pytest.raises(BundleError, match=r"base: its encoder is .*tiny_encoder', the configuration's is 'x'"):
        load_base(tmp_path / "base", replace(files, name="x", sha256="0"), TINY)
    with pytest.raises(BundleError, match="base: its heads are"):
        load_base(tmp_path / "base", files, TrainingConfig())
    with pytest.raises(BundleError, match=r"base: its encoder's layers are all, the configuration's are \[1\]"):
        load_base(tmp_path / "base", files, TINY.with_encoder(layers=(1,), max_tokens=32))


def test_a_run_keeps_the_windows_and_layers_of_its_base_unless_it_names_others(tmp_path: Path) -> None:
    base = replace(make_tiny_bundle(tmp_path / "base"), layers=(1,))
    settled = settle(TINY, base).encoder
    assert (settled.layers, settled.max_tokens) == ((1,), 32)
    named = settle(TINY.with_encoder(layers=(0,), max_tokens=64), base).encoder
    assert (named.layers, named.max_tokens) == ((0,), 64)
    alone = settle(TINY, None).encoder
    assert (alone.layers, alone.max_tokens) == ((), 256)


def test_a_base_whose_weights_do_not_fit_is_named(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "base")
    base = load_base(tmp_path / "base", find_encoder(str(TINY_ENCODER)), TINY)
    cut = replace(base, weights={name: tensor[:1] for name, tensor in base.weights.items()})
    network = Network(load_encoder(find_encoder(str(TINY_ENCODER))), 1, TINY_HEADS)
    with pytest.raises(BundleError, match="bundle 'tiny': its weights do not fit"):
        start_from(network, cut, ("trade",))


def test_the_base_is_the_current_version_or_what_ships_where_it_fits(tmp_path: Path) -> None:
    tiny = read_config(write_config(tmp_path / "c.toml", "x.jsonl"))
    store, heard = Store(tmp_path / "models"), Heard()
    assert choose_start(tiny, store, heard).base is None
    assert [text.partition(":")[0] for text in heard.said] == [
        "not trained on from the bundle that ships",
        "nothing teaches the summary",
    ]
    make_tiny_bundle(tmp_path / "tiny")
    digest = store.add(tmp_path / "tiny").digest
    store.promote(digest, instead_of=None)
    assert digest_of_base(tiny, store) == digest
    ours, ships = TrainingConfig(), load_manifest(DEFAULT_BUNDLE).digest
    assert read_config(Path("configs/topics.toml")) == ours
    assert digest_of_base(ours, None) == ships
    assert digest_of_base(ours, store) == ships
    assert digest_of_base(read_config(Path("configs/train.toml")), None) is None


def digest_of_base(config: TrainingConfig, store: Store | None) -> str | None:
    base = choose_start(config, store).base
    return base.bundle.digest if base else None

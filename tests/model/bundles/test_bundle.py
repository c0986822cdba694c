import json
import os
from pathlib import Path

import pytest
import torch

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.weights import load_network, save_bundle
from copydesk.model.errors import BundleError, EncoderError
from copydesk.model.network.encoder.encoder import load_encoder, merge_adapter
from copydesk.model.network.encoder.files import find_encoder
from support.tiny import TINY_ENCODER, make_tiny_bundle


def test_a_saved_bundle_loads_as_it_was(tmp_path: Path) -> None:
    saved = make_tiny_bundle(tmp_path / "b")
    assert load_manifest(tmp_path / "b") == saved
    assert saved.digest


def test_two_saves_of_the_same_content_have_the_same_digest(tmp_path: Path) -> None:
    assert make_tiny_bundle(tmp_path / "a").digest == make_tiny_bundle(tmp_path / "b").digest
    assert make_tiny_bundle(tmp_path / "c", seed=1).digest != make_tiny_bundle(tmp_path / "a").digest


@pytest.mark.parametrize("name", ["bundle.json", "weights.safetensors", "README.md"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.95])
def test_one_flipped_byte_is_found(tmp_path: Path, name: str, place: float) -> None:
    make_tiny_bundle(tmp_path / "b")
    path = tmp_path / "b" / name
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"restore the bundle|upgrade copydesk"):
        load_manifest(tmp_path / "b")


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere.bundle\.json: not found; name a bundle directory"):
        Analyzer.load(tmp_path / "nowhere")


def test_another_schema_is_refused(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "b")
    path = tmp_path / "b" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 3}))
    with pytest.raises(BundleError, match="schema 3, this version reads 2"):
        load_manifest(tmp_path / "b")


def test_an_encoder_with_other_weights_is_refused(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "b")
    path = tmp_path / "b" / "bundle.json"
    bundle = load_manifest(tmp_path / "b")
    object.__setattr__(bundle, "encoder_sha256", "0" * 64)
    with pytest.raises(EncoderError, match=r"has SHA-256 .* expected 000000000000"):
        load_network(path.parent, bundle, find_encoder(bundle.encoder))


def test_a_failed_save_leaves_the_old_bundle(tmp_path: Path) -> None:
    old = make_tiny_bundle(tmp_path / "b")
    with pytest.raises(TypeError):
        save_bundle(tmp_path / "b", old, {"tag_head.bias": torch.zeros(4)}, None)  # type: ignore[arg-type]  # the fault
    assert load_manifest(tmp_path / "b") == old
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_bundle_replaces_the_one_that_stood_there(tmp_path: Path) -> None:
    make_tiny_bundle(tmp_path / "b")
    new = make_tiny_bundle(tmp_path / "b", seed=1)
    assert load_manifest(tmp_path / "b") == new
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_the_files_of_a_bundle_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        make_tiny_bundle(tmp_path / "b")
    finally:
        os.umask(before)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "b").iterdir()} == {0o640}


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft asks transformers by its old name
def test_merged_updates_equal_pefts_own_merge() -> None:
    peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    files = find_encoder(str(TINY_ENCODER))
    ours, theirs = load_encoder(files), load_encoder(files)
    wrapped = peft.get_peft_model(
        theirs.body, peft.LoraConfig(r=4, lora_alpha=8, target_modules=["query", "dense"], init_lora_weights=False)
    )
    merge_adapter(ours, peft.get_peft_model_state_dict(wrapped), scale=2.0)
    merged = wrapped.merge_and_unload()
    ids, mask = torch.randint(5, 90, (2, 7)), torch.ones(2, 7, dtype=torch.bool)
    with torch.inference_mode():
        expected = merged(input_ids=ids, attention_mask=mask).last_hidden_state
        assert torch.allclose(ours(ids, mask), expected, atol=1e-5)  # fp32, CPU


def test_an_update_for_another_encoder_is_refused() -> None:
    encoder = load_encoder(find_encoder(str(TINY_ENCODER)))
    adapter = {f"layers.9.query.lora_{x}.weight": torch.zeros(1, 1) for x in "AB"}
    with pytest.raises(EncoderError, match=r"no module 'layers\.9\.query'"):
        merge_adapter(encoder, adapter, 1.0)


def test_the_default_bundle_finds_fentanyl_tariffs_on_a_scraped_page(default_analyzer: Analyzer, shared: Path) -> None:
    text = (shared / "page-fentanyl.txt").read_text()
    analysis = default_analyzer.analyze(text)
    assigned = {tag.label for tag in analysis.story.tags if tag.assigned}
    assert {"trade", "drugs"} <= assigned
    assert all(text[s.start : s.end] == s.text for s in analysis.story.summary.sentences)


def test_the_default_bundle_leaves_a_local_story_untagged(default_analyzer: Analyzer) -> None:
    analysis = default_analyzer.analyze(
        "The town's swimming pool will reopen in June after two years of repairs. The council found the money in its "
        "own budget. Children under six swim free, and a new slide stands beside the old one."
    )
    assert [tag.label for tag in analysis.story.tags if tag.assigned] == []

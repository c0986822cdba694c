import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from copydesk.model.analysis import Failure, Result
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, Bundle, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.drift.reference import find_reference, make_reference, own_name, write_reference
from copydesk.model.errors import BundleError, DataError
from support.drift import compose_analyses
from support.tiny import make_tiny_bundle


def write(folder: Path, bundle: Bundle, name: str = "reference.json", source: str = "composed") -> Path:
    failure = Failure(None, "empty_text", "the text is empty")
    results: list[Result] = [*compose_analyses(500), failure]
    write_reference(folder / name, make_reference(bundle, results, source, window=600, n_windows=2))
    return folder / name


def test_a_reference_is_read_as_it_was_written(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, bundle)
    made = make_reference(bundle, compose_analyses(500), "composed", window=600, n_windows=2)
    read = find_reference(bundle, tmp_path)
    assert read is not None
    assert (read.digest, read.source, read.window, read.sums.n) == (bundle.digest, "composed", 600, 500)
    assert read.limits == made.limits
    np.testing.assert_allclose(read.sums.waves, made.sums.waves, rtol=1e-6)  # seven digits are kept


def test_a_folder_of_ones_own_wins_over_what_stands_beside_the_model(bundle: Bundle, tmp_path: Path) -> None:
    own, beside = tmp_path / "own", tmp_path / "beside"
    assert find_reference(bundle, own, beside) is None
    write(beside, bundle)
    write(own, bundle, own_name(bundle), source="ours")
    found = find_reference(bundle, own, beside)
    assert found is not None
    assert found.source == "ours"


def test_a_reference_of_another_model_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, replace(bundle, digest="f" * 64))
    with pytest.raises(BundleError, match=r"of model ffffffffffff, expected .*; make it again"):
        find_reference(bundle, tmp_path)


@pytest.mark.parametrize("change", [{"window": 1}, {"sha256": "0"}, {"schema": 2}])
def test_a_reference_that_was_changed_is_refused(bundle: Bundle, tmp_path: Path, change: dict[str, object]) -> None:
    path = write(tmp_path, bundle)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BundleError, match="not a whole reference"):
        find_reference(bundle, tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "1"])
def test_a_file_that_is_no_reference_is_refused(bundle: Bundle, tmp_path: Path, content: str) -> None:
    (tmp_path / "reference.json").write_text(content)
    with pytest.raises(BundleError, match="not a whole reference"):
        find_reference(bundle, tmp_path)


def test_few_texts_make_no_reference(bundle: Bundle) -> None:
    with pytest.raises(DataError, match=r"mine.jsonl: 499 texts that can be analysed, a reference needs 500"):
        make_reference(bundle, compose_analyses(499), "mine.jsonl")


def test_a_store_keeps_a_version_with_its_reference_and_one_without(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for seed, has_reference in enumerate((True, False)):
        source = tmp_path / str(seed)
        bundle = make_tiny_bundle(source, seed)
        if has_reference:
            write(source, bundle)
        store.add(source)
        assert (find_reference(bundle, store.path(bundle.digest)) is not None) == has_reference


def test_the_bundle_that_ships_has_a_reference_of_its_own() -> None:
    bundle = load_manifest(DEFAULT_BUNDLE)
    reference = find_reference(bundle, DEFAULT_BUNDLE)
    assert reference is not None
    assert reference.sums.labels == bundle.labels
    assert reference.sums.n >= 1_000

import errno
import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Pointer, Store
from copydesk.model.errors import BundleError, StoreError
from support.tiny import make_tiny_bundle


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sources")
    for seed in range(3):
        make_tiny_bundle(folder / str(seed), seed)
    return [folder / str(seed) for seed in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models", who="ann@desk", lock_wait_s=0.1)


def fill(store: Store, sources: list[Path]) -> list[str]:
    """The digests of the sources, added, and promoted one after the other."""
    digests = [store.add(source).digest for source in sources]
    for before, digest in zip([None, *digests], digests, strict=False):
        store.promote(digest, instead_of=before)
    return digests


def names(store: Store) -> set[str]:
    return {path.name for path in store.directory.iterdir()}


def test_a_version_is_a_whole_copy_under_its_digest_that_nobody_writes_to(store: Store, sources: list[Path]) -> None:
    (sources[0] / "checkpoint.bin").write_text("not part of the bundle")
    bundle = store.add(sources[0], data={"file": "new.jsonl"})
    assert bundle == load_manifest(sources[0]) == load_manifest(store.path(bundle.digest))
    files = {path.name: path.stat().st_mode & 0o777 for path in store.path(bundle.digest).iterdir()}
    assert files == {"bundle.json": 0o444, "weights.safetensors": 0o444, "README.md": 0o444}
    (event,) = store.journal()
    assert (event.action, event.digest, event.who, event.details) == (
        "add",
        bundle.digest,
        "ann@desk",
        {"data": {"file": "new.jsonl"}},
    )


def test_adding_again_changes_nothing_and_mends_what_is_damaged(store: Store, sources: list[Path]) -> None:
    digest = store.add(sources[0]).digest
    store.add(sources[0])
    assert len(store.journal()) == 1
    weights = store.path(digest) / "weights.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "missing or changed" in store.version(digest).fault
    store.add(sources[0])
    assert store.version(digest).bundle == load_manifest(sources[0])


@pytest.mark.parametrize("place", [10, -10])
def test_a_damaged_source_is_refused_and_leaves_nothing(
    store: Store, sources: list[Path], tmp_path: Path, place: int
) -> None:
    shutil.copytree(sources[0], tmp_path / "damaged")
    path = tmp_path / "damaged" / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match="missing or changed since it was saved"):
        store.add(tmp_path / "damaged")
    assert store.digests() == []


def test_promotion_and_rollback_move_the_pointer_and_are_journaled(store: Store, sources: list[Path]) -> None:
    assert store.current() is None
    first, second, third = fill(store, sources)
    assert store.pointer() == Pointer(third, (first, second))
    assert store.rollback() == second
    assert store.rollback() == first
    assert store.pointer() == Pointer(first)
    with pytest.raises(StoreError, match="no version was current before"):
        store.rollback()
    moves = [(event.action, event.previous, event.digest) for event in store.journal() if event.action != "add"]
    assert moves == [
        ("promote", None, first),
        ("promote", first, second),
        ("promote", second, third),
        ("rollback", third, second),
        ("rollback", second, first),
    ]


def test_promoting_the_current_version_changes_nothing(store: Store, sources: list[Path]) -> None:
    first, second = fill(store, sources[:2])
    store.promote(second, instead_of=first)
    assert store.pointer() == Pointer(second, (first,))


def test_a_verdict_against_a_version_that_is_no_longer_current_promotes_nothing(
    store: Store, sources: list[Path]
) -> None:
    first, second = fill(store, sources[:2])
    third = store.add(sources[2]).digest
    with pytest.raises(StoreError, match=f"current was {first[:12]} and is {second[:12]} by now"):
        store.promote(third, instead_of=first)
    assert store.current() == second


def test_a_damaged_version_is_never_promoted(store: Store, sources: list[Path]) -> None:
    (first,) = fill(store, sources[:1])
    second = store.add(sources[1]).digest
    (store.path(second) / "README.md").unlink()
    with pytest.raises(BundleError, match=r"README\.md: missing"):
        store.promote(second, instead_of=first)
    other = store.path("0" * 64)
    shutil.copytree(store.path(first), other)
    with pytest.raises(BundleError, match=f"holds bundle {first[:12]}"):
        store.promote("0" * 64, instead_of=first)
    assert store.current() == first


def test_versions_are_found_by_the_beginning_of_their_digest(store: Store, sources: list[Path]) -> None:
    first, second = fill(store, sources[:2])
    assert store.find(first[:12]) == first
    assert store.find("current") == second
    assert store.digests() == [first, second]
    for name in ("", "zz", "../" + first):
        with pytest.raises(StoreError, match="none of its 2 versions begins with"):
            store.find(name)
    for digit in "ab":
        shutil.copytree(store.path(first), store.path("f" * 63 + digit))
    with pytest.raises(StoreError, match="2 versions begin with"):
        store.find("f" * 60)


def test_a_second_writer_gets_a_clear_message(store: Store, sources: list[Path]) -> None:
    (first,) = fill(store, sources[:1])
    inside, end = threading.Event(), threading.Event()

    def hold() -> None:
        with Store(store.directory)._writing("holding"):
            inside.set()
            end.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(30)
    with pytest.raises(StoreError, match="another process is writing to it; try again when it has ended"):
        store.add(sources[1])
    assert store.current() == first  # reading waits for nobody
    end.set()
    holder.join()
    store.add(sources[1])


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("broken", ["shutil.copyfile", "os.fsync", "pathlib.Path.rename"])
def test_a_full_disk_leaves_nothing_half_added(
    store: Store, sources: list[Path], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    (first,) = fill(store, sources[:1])
    before = names(store)
    with monkeypatch.context() as patch:
        patch.setattr(broken, _full)
        with pytest.raises(StoreError, match=r"No space left on device while adding .*; make room"):
            store.add(sources[1])
    assert (store.current(), names(store)) == (first, before)
    assert len(store.journal()) == 2


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.write_text", "pathlib.Path.replace", "os.write"])
def test_a_full_disk_leaves_the_current_version(
    store: Store, sources: list[Path], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    (first,) = fill(store, sources[:1])
    second = store.add(sources[1]).digest
    before = names(store)
    with monkeypatch.context() as patch:
        patch.setattr(broken, _full)
        with pytest.raises(StoreError, match="the current version is untouched"):
            store.promote(second, instead_of=first)
    assert (store.current(), names(store)) == (first, before)


def test_a_line_that_does_not_fit_on_the_disk_is_taken_back(
    store: Store, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = fill(store, sources[:1])
    content, write = (store.directory / "journal.jsonl").read_bytes(), os.write
    with monkeypatch.context() as patch:
        patch.setattr("os.write", lambda descriptor, data: write(descriptor, data[:20]))
        with pytest.raises(StoreError, match="No space left on device"):
            store.refuse("0" * 64, instead_of=first)
    assert (store.directory / "journal.jsonl").read_bytes() == content


def test_what_a_killed_writer_left_is_cleared_and_a_torn_line_passed_over(store: Store, sources: list[Path]) -> None:
    fill(store, sources[:1])
    (store.directory / f".{0:064}.partial-xyz").mkdir()
    with (store.directory / "journal.jsonl").open("a") as file:
        file.write('{"action": "promo')
    store.add(sources[1])
    assert not (store.directory / f".{0:064}.partial-xyz").exists()
    assert [event.action for event in store.journal()] == ["add", "promote", "add"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"digest": "../x", "before": []}', '{"digest": 1, "before": 2}'])
def test_a_pointer_that_does_not_read_is_named(store: Store, sources: list[Path], content: str) -> None:
    fill(store, sources[:1])
    (store.directory / "current.json").write_text(content)
    with pytest.raises(StoreError, match=r"current\.json: does not read as a pointer; remove it"):
        store.current()


def test_a_place_that_is_no_folder_is_a_clear_error(tmp_path: Path, sources: list[Path]) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(StoreError, match="models: File exists while adding"):
        Store(tmp_path / "models").add(sources[0])


def test_the_journal_is_one_json_object_per_line(store: Store, sources: list[Path]) -> None:
    fill(store, sources[:2])
    lines = (store.directory / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["add", "add", "promote", "promote"]
    assert all(json.loads(line)["time"].endswith("+00:00") for line in lines)

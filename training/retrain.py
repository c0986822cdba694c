"""Training for a store: a test that stays, a base to start from, and a verdict on what came out."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from model.bundle import DEFAULT_BUNDLE
from model.encoder import find_encoder
from model.errors import BundleError, DataError
from model.store import SPLITS_FILE, TEST_FILE, Store
from training.checks import Tolerances, has_enough
from training.config import TrainingConfig
from training.frozen_stories import add_frozen, read_frozen
from training.gate import Verdict, submit
from training.splits import FrozenTest
from training.stories import LabelledStory
from training.tag_data import TagData, load_tag_data
from training.train import train
from training.warm_start import check_base

_console = Console(stderr=True)


def retrain(
    config: TrainingConfig,
    out: Path,
    store: Store,
    *,
    base: Path | None = None,
    skip_bad: bool = False,
    summaries: str | None = None,
    tolerances: Tolerances | None = None,
    force: bool = False,
) -> Verdict:
    """Train on the stories outside the store's test, and submit the bundle in `out` to its gate.

    The store is touched only when training is over. The test keeps its stories with the labels they had; those of
    this run join it when the version is promoted. Raises what `train` and `submit` do.
    """
    frozen = _load_splits(store.directory)
    data = load_tag_data(config, skip_bad=skip_bad, frozen=frozen)
    train(config, data, out, base=base)
    frozen.save(store.directory / SPLITS_FILE)
    test = choose_test(store.directory, data)
    new = [] if test is data.test else data.test
    verdict = submit(out, store, test, new, summaries=summaries, tolerances=tolerances, force=force)
    if verdict.is_passed or force:
        add_frozen(store.directory, data.test, data.labels)
    return verdict


def choose_test(store: Path, data: TagData) -> list[LabelledStory]:
    """The stories frozen before this run's data came; this run's where those cannot judge its labels."""
    before = [one.for_labels(data.labels) for one in read_frozen(store)]
    return before if has_enough(before, data.labels) else data.test


def choose_base(config: TrainingConfig, store: Store | None) -> Path | None:
    """The bundle to train on from where none is named: the store's current version, or the one that ships.

    The latter where nothing else would teach the summary. Says on the console which it is, and why another is not.
    """
    files = find_encoder(config.encoder.name, config.encoder.revision)
    for path, name in _list_bases(config, store):
        try:
            check_base(path, files, config.heads.to_heads())
        except BundleError as error:
            _say(f"not trained on from {name}: {error}")
            continue
        _say(f"training on from {name}; --base plain starts from the plain encoder")
        return path
    if config.summaries.source is None:
        _say("nothing teaches the summary: its sentences will be chosen at random; give --base or --summaries")
    return None


def _list_bases(config: TrainingConfig, store: Store | None) -> Iterator[tuple[Path, str]]:
    if store is not None and (current := store.current()) is not None:
        yield store.path(current), f"the current version {current[:12]} of {store.directory}"
    if config.summaries.source is None:
        yield DEFAULT_BUNDLE, "the bundle that ships"


def _load_splits(store: Path) -> FrozenTest:
    """Which texts are tested on. Raises DataError when that is lost: tests would be learned from."""
    path = store / SPLITS_FILE
    if not path.is_file() and (store / TEST_FILE).is_file():
        raise DataError(f"{path}: missing beside {TEST_FILE}; restore it from a copy, or remove {TEST_FILE} too")
    return FrozenTest.load(path)


def _say(text: str) -> None:
    _console.print(text, markup=False, highlight=False)

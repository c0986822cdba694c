"""Training for a store: a test that stays, a base to start from, and a verdict on what came out."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from copydesk.model.bundles.store import SPLITS_FILE, TEST_FILE, Store
from copydesk.model.errors import BundleError, DataError
from copydesk.model.network.encoder_files import find_encoder
from copydesk.training.config import TrainingConfig
from copydesk.training.data.frozen import add_frozen, read_frozen
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory
from copydesk.training.data.tag_data import TagData, load_tag_data
from copydesk.training.fit.run import train
from copydesk.training.fit.warm_start import check_base
from copydesk.training.release.checks import Tolerances, has_enough
from copydesk.training.release.gate import Verdict, submit

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

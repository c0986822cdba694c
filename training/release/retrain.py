"""Training for a store: a test that stays, and a verdict on what came out."""

from pathlib import Path

from copydesk.model.bundles.store import SPLITS_FILE, TEST_FILE, Store
from copydesk.model.errors import DataError
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.frozen import add_frozen, read_frozen
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory
from copydesk.training.data.tag_data import TagData, load_tag_data
from copydesk.training.fit.run import train
from copydesk.training.fit.warm_start import Start
from copydesk.training.release.checks import has_enough
from copydesk.training.release.gate import Terms, Verdict, submit


def retrain(
    config: TrainingConfig,
    start: Start,
    out: Path,
    store: Store,
    terms: Terms,
    *,
    skip_bad: bool = False,
    progress: Progress = SILENT,
) -> Verdict:
    """Train on the stories outside the store's test, and submit the bundle in `out` to its gate.

    The store is touched only when training is over. The test keeps its stories with the labels they had; those of
    this run join it when the version is promoted. Raises what `train` and `submit` do.
    """
    frozen = _load_splits(store.directory)
    data = load_tag_data(config, skip_bad=skip_bad, frozen=frozen, progress=progress)
    train(config, data, start, out, progress)
    frozen.save(store.directory / SPLITS_FILE)
    test = choose_test(store.directory, data)
    new = [] if test is data.test else data.test
    verdict = submit(out, store, test, new, terms)
    if verdict.is_passed or terms.is_forced:
        add_frozen(store.directory, data.test, data.labels)
    return verdict


def choose_test(store: Path, data: TagData) -> list[LabelledStory]:
    """The stories frozen before this run's data came; this run's where those cannot judge its labels."""
    before = [one.for_labels(data.labels) for one in read_frozen(store)]
    return before if has_enough(before, data.labels) else data.test


def _load_splits(store: Path) -> FrozenTest:
    """Which texts are tested on. Raises DataError when that is lost: tests would be learned from."""
    path = store / SPLITS_FILE
    if not path.is_file() and (store / TEST_FILE).is_file():
        raise DataError(f"{path}: missing beside {TEST_FILE}; restore it from a copy, or remove {TEST_FILE} too")
    return FrozenTest.load(path)

"""What a candidate said beside the current version of texts that came in: counts per label, never text.

STORE/shadow/CANDIDATE/CURRENT/RUN.json  each run of a service replaces a file of its own; their sum counts
"""

import json
import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path

from copydesk.model.errors import StoreError
from copydesk.model.files.disk import whole_file

_FOLDER = "shadow"


@dataclass(frozen=True)
class LabelTally:
    """How many texts were given a label by both, or by one of the two alone."""

    both: int = 0
    only_current: int = 0
    only_candidate: int = 0

    def __add__(self, other: "LabelTally") -> "LabelTally":
        return LabelTally(
            self.both + other.both,
            self.only_current + other.only_current,
            self.only_candidate + other.only_candidate,
        )


@dataclass(frozen=True)
class Tally:
    """How many texts both have read, from when to when (UTC), and what they said of the labels that both know."""

    n_texts: int
    labels: Mapping[str, LabelTally]
    since: str
    until: str

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.n_texts + other.n_texts,
            {name: self._of(name) + other._of(name) for name in {**self.labels, **other.labels}},
            min(self.since, other.since),
            max(self.until, other.until),
        )

    def _of(self, label: str) -> LabelTally:
        return self.labels.get(label, LabelTally())


def write_tally(store: Path, candidate: str, current: str, run: str, tally: Tally) -> None:
    """Put the tally in the place of this run's former one. Raises OSError."""
    path = _folder(store, candidate, current) / f"{run}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as new:
        new.write_text(json.dumps(asdict(tally)) + "\n", encoding="utf-8")


def read_tally(store: Path, candidate: str, current: str) -> Tally | None:
    """The sum over all runs; none where the two were never beside each other. Raises StoreError."""
    tallies = [_read(path) for path in _folder(store, candidate, current).glob("*.json")]
    return reduce(operator.add, tallies) if tallies else None


def _read(path: Path) -> Tally:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        labels = {name: LabelTally(**counts) for name, counts in values.pop("labels").items()}
        return Tally(labels=labels, **values)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise StoreError(f"{path}: does not read as counts of a shadow; remove it") from error


def _folder(store: Path, candidate: str, current: str) -> Path:
    return store / _FOLDER / candidate / current

"""The reference: sums of texts that the model has not learned from, and how far windows of their kind stray by chance.

reference.json stands beside a bundle's files and in no digest: it is of the texts that come in, and can be made anew of
other ones without the model being another.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from copydesk.model.analysis import Analysis, Result
from copydesk.model.bundles.manifest import REFERENCE, Bundle
from copydesk.model.drift.columns import columns_of
from copydesk.model.drift.limits import N_WINDOWS, Limit, find_limits
from copydesk.model.drift.measures import Key
from copydesk.model.drift.sums import Sums, Texts, sum_texts, sums_from_json
from copydesk.model.errors import BundleError, DataError
from copydesk.model.files.disk import whole_file
from copydesk.model.files.json import JsonObject

WINDOW = MIN_TEXTS = 500  # of a window: fewer tell little; and of a reference
_SCHEMA = 1


@dataclass(frozen=True)
class Reference:
    """What windows of `window` texts are compared with. digest: of the model; source: where the texts come from."""

    digest: str
    source: str
    made: str
    window: int
    sums: Sums
    limits: dict[Key, Limit]


def make_reference(
    bundle: Bundle, results: Iterable[Result], source: str, *, window: int = WINDOW, n_windows: int = N_WINDOWS
) -> Reference:
    """The reference of analysed texts, for windows of so many. Failures are passed over.

    Raises DataError for fewer than 500 texts.
    """
    analyses = [result for result in results if isinstance(result, Analysis)]
    if len(analyses) < MIN_TEXTS:
        raise DataError(
            f"{source}: {len(analyses)} texts that can be analysed, a reference needs {MIN_TEXTS}; give more"
        )
    columns = columns_of(bundle.labels)
    texts = Texts.of(
        [columns.count(analysis) for analysis in analyses], [analysis.story.vector for analysis in analyses]
    )
    return Reference(
        bundle.digest,
        source,
        datetime.now(UTC).isoformat(timespec="seconds"),
        window,
        sum_texts(bundle.labels, texts),
        find_limits(bundle.labels, texts, window, n_windows),
    )


def write_reference(path: Path, reference: Reference) -> None:
    """Write it as a whole file. Raises DataError when that cannot be done."""
    content = {
        "schema": _SCHEMA,
        "model": reference.digest,
        "source": reference.source,
        "made": reference.made,
        "window": reference.window,
        "labels": list(reference.sums.labels),
        "limits": [[*key, limit.usual, limit.limit] for key, limit in reference.limits.items()],
        "sums": reference.sums.to_json(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as new:
            new.write_text(json.dumps(content | {"sha256": _hash(content)}) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}; name another with --out") from error


def find_reference(bundle: Bundle, *folders: Path) -> Reference | None:
    """The model's reference in the first of these folders that has one; none where none has.

    Raises BundleError for one that is damaged, or of another model.
    """
    for path in (folder / name for folder in folders for name in (own_name(bundle), REFERENCE)):
        if path.is_file():
            return _read_reference(path, bundle)
    return None


def own_name(bundle: Bundle) -> str:
    """The file of the model's reference in a folder that other models' stand in too."""
    return f"reference-{bundle.digest[:12]}.json"


def _read_reference(path: Path, bundle: Bundle) -> Reference:
    remedy = "make it again with `copydesk drift reference`"
    try:
        reference = _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{path}: not a whole reference of schema {_SCHEMA}; {remedy}") from error
    if reference.digest != bundle.digest:
        raise BundleError(f"{path}: of model {reference.digest[:12]}, expected {bundle.digest[:12]}; {remedy}")
    return reference


def _from_json(content: JsonObject) -> Reference:
    if content.pop("sha256") != _hash(content) or content["schema"] != _SCHEMA:
        raise ValueError("changed since it was written")
    limits = {Key(measure, label): Limit(usual, most) for measure, label, usual, most in content["limits"]}
    sums = sums_from_json(content["labels"], content["sums"])
    return Reference(content["model"], content["source"], content["made"], content["window"], sums, limits)


def _hash(content: JsonObject) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

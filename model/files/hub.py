"""Datasets on the Hugging Face hub."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from copydesk.model.errors import DataError
from copydesk.model.files.row import Row
from copydesk.model.installation import need_extra

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")  # of a model or a dataset
_DATASET = re.compile(rf"(?P<name>{HUB_NAME.pattern})(:(?P<config>[\w.-]+))?(:(?P<split>[\w.-]+))?")


@dataclass(frozen=True)
class HubDataset:
    """A dataset on the hub at one revision."""

    name: str
    config: str | None
    split: str
    revision: str


def find_dataset(text: str) -> HubDataset | None:
    """`owner/name`, `owner/name:split` or `owner/name:config:split`, pinned at its present revision; None for no name.

    Raises InstallError without the library for it, DataError when the hub does not give it.
    """
    match = _DATASET.fullmatch(text)
    if match is None:
        return None
    name, config, split = match["name"], match["config"], match["split"]
    if split is None:
        config, split = None, config or "train"
    need_extra("train", f"the hub dataset {name}")
    from huggingface_hub import HfApi

    try:
        revision = HfApi().dataset_info(name).sha
    except Exception as error:  # its HTTP client's errors have no name that it hands on
        raise DataError(
            f"{name}: no such file, and the hub does not give a dataset of this name: {type(error).__name__}"
        ) from error
    return HubDataset(name, config, split, str(revision))


def hub_rows(hub: HubDataset) -> Iterator[Row]:
    """Every row, streamed; a class is read as its name, and none (-1) as None. Raises DataError."""
    need_extra("train", f"the hub dataset {hub.name}")
    import datasets

    try:
        data = datasets.load_dataset(hub.name, hub.config, split=hub.split, revision=hub.revision, streaming=True)
        classes = {name: kind for name, kind in (data.features or {}).items() if _class_of(kind)}
        for number, values in enumerate(data, 1):
            yield Row(number, {**values, **{name: _name(kind, values[name]) for name, kind in classes.items()}})
    except (OSError, ValueError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{hub.name}: the hub does not give split {hub.split!r}: {reason}") from error


def _class_of(kind: Any) -> Any:  # Any: datasets has no types
    """The class label of a column, or of the lists in it."""
    import datasets

    kind = getattr(kind, "feature", kind)
    return kind if isinstance(kind, datasets.ClassLabel) else None


def _name(kind: Any, value: Any) -> Any:  # Any: a cell
    if isinstance(value, list):
        return [_name(kind, part) for part in value]
    return _class_of(kind).int2str(value) if isinstance(value, int) and value >= 0 else None

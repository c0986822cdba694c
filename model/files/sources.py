"""What INPUT names: a file, a folder, a glob, standard input or a hub dataset."""

import glob
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk.model.errors import DataError
from copydesk.model.files.formats import EXPECTED, format_of
from copydesk.model.installation import need_extra

STDIN = "-"
_HUB_NAME = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(:(?P<config>[\w.-]+))?(:(?P<split>[\w.-]+))?")


@dataclass(frozen=True)
class HubDataset:
    """A dataset on the hub at one revision."""

    name: str
    config: str | None
    split: str
    revision: str


@dataclass(frozen=True)
class Source:
    """Files in reading order, a hub dataset, or, with neither, standard input."""

    name: str
    files: tuple[Path, ...] = ()
    hub: HubDataset | None = None

    @property
    def is_stdin(self) -> bool:
        """It can be read only once."""
        return not self.files and self.hub is None

    @property
    def n_bytes(self) -> int | None:
        """Size on disk, where there is one."""
        return sum(path.stat().st_size for path in self.files) if self.files else None

    def fingerprint(self) -> list[Any]:  # Any: JSON
        """What another input would not have: names, sizes and times of files, or a dataset's revision."""
        if self.hub:
            return [self.hub.name, self.hub.config, self.hub.split, self.hub.revision]
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in self.files]


def find_source(name: str) -> Source:
    """The source of this name. Raises DataError when there is none."""
    if name == STDIN:
        return Source(name)
    path = Path(name)
    if path.is_file() and format_of(name) is None:
        raise DataError(f"{name}: the extension is not known; {EXPECTED}")
    found = sorted(path.iterdir()) if path.is_dir() else sorted(map(Path, glob.glob(name, recursive=True)))
    files = tuple(file for file in found if file.is_file() and format_of(file.name))
    if files:
        return Source(name, files)
    match = _HUB_NAME.fullmatch(name)
    if match and not path.exists() and format_of(name) is None:
        return Source(name, hub=_find_dataset(**match.groupdict()))
    raise DataError(f"{name}: no such file, nor a folder or glob with any; {EXPECTED}, or 'owner/name' on the hub")


def _find_dataset(name: str, config: str | None, split: str | None) -> HubDataset:
    """`owner/name`, `owner/name:split` or `owner/name:config:split`, pinned at the revision it has now."""
    need_extra("train", f"the hub dataset {name}")
    from huggingface_hub import HfApi

    if split is None:
        config, split = None, config or "train"
    try:
        revision = HfApi().dataset_info(name).sha
    except (OSError, ValueError) as error:
        raise DataError(
            f"{name}: no such file, and the hub does not give a dataset of this name: {type(error).__name__}"
        ) from error
    return HubDataset(name, config, split, str(revision))

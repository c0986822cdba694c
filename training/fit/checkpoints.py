"""Checkpoints of a run: whose they are, and where an interrupted run goes on."""

import json
from pathlib import Path

from transformers.trainer_utils import get_last_checkpoint

from copydesk.model.errors import ConfigError
from copydesk.model.files.json import JsonObject

_MARK = "run.json"


def claim_checkpoints(directory: Path, run: JsonObject) -> None:
    """Mark the directory as this run's. Raises ConfigError when it holds checkpoints of another one.

    run: the settings, data and base that make it this run.
    """
    mark, described = directory / _MARK, json.dumps(run, sort_keys=True)
    if mark.is_file() and mark.read_text(encoding="utf-8") != described:
        raise ConfigError(
            f"{directory}: checkpoints of a run with other data or settings; remove them, or choose another --out"
        )
    directory.mkdir(parents=True, exist_ok=True)
    mark.write_text(described, encoding="utf-8")


def last_checkpoint(directory: Path) -> Path | None:
    """The last checkpoint in the directory; none before the first."""
    found = get_last_checkpoint(str(directory)) if directory.is_dir() else None
    return Path(found) if found else None


def checkpoint_step(checkpoint: Path) -> int:
    """The step after which it was written."""
    return int(checkpoint.name.rpartition("-")[2])

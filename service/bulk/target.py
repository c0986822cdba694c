"""Where the answers go: never over what is read, and over what is there only when that is asked for."""

from dataclasses import replace
from pathlib import Path

from copydesk.model.errors import ConfigError, DataError
from copydesk.model.files.formats import format_of
from copydesk.model.files.sources import Source

PARTS, ERRORS = ".parts", ".errors.jsonl"  # behind OUTPUT: the folder of shards, the file of failed rows


def beside(target: Path, suffix: str) -> Path:
    """What belongs to this output and stands beside it."""
    return target.with_name(f"{target.name}{suffix}")


def leave_out_outputs(source: Source, target: Path) -> Source:
    """The source without this output, and without shards and errors of any: for folders and globs, not a file by name.

    Raises DataError when nothing is left.
    """
    if Path(source.name).is_file() or not source.files:
        return source
    files = tuple(path for path in source.files if not (_is_same(path, target) or _is_by_product(path)))
    if not files:
        raise DataError(f"{source.name}: holds nothing but outputs of jobs; name the files to read")
    return replace(source, files=files)


def check_target(source: Source, target: Path, *, overwrite: bool) -> None:
    """Raises ConfigError when writing the output would destroy its input, or a file that nobody has given up."""
    for path in (target, beside(target, ERRORS)):
        if any(_is_same(path, file) for file in source.files):
            raise ConfigError(f"{path}: is INPUT too, and would be replaced by answers; name another OUTPUT")
    if target.is_dir():
        raise ConfigError(f"{target}: is a folder; name a file in it as OUTPUT")
    if target.exists() and not overwrite:
        raise ConfigError(f"{target}: exists; name another OUTPUT, or replace it with --overwrite")


def _is_same(one: Path, other: Path) -> bool:
    """By whatever link."""
    return one.exists() and other.exists() and one.samefile(other)


def _is_by_product(path: Path) -> bool:
    return _is_of_output(path.name, ERRORS) or any(_is_of_output(part, PARTS) for part in path.parts[:-1])


def _is_of_output(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and format_of(name.removesuffix(suffix)) is not None

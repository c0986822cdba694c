"""What an installation brings."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(lines: Iterable[str]) -> dict[str, str]:
    """Every package that these requirements bring on this machine, and its version; none where it is not installed."""
    found: dict[str, str] = {}
    waiting = [Requirement(line) for line in lines]
    seen = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        name = canonicalize_name(requirement.name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            found[name] = ""
            continue
        found[name] = package.version
        waiting += [line for line in map(Requirement, package.requires or []) if _applies(line, requirement.extras)]
    return found


def _applies(line: Requirement, extras: set[str]) -> bool:
    return line.marker is None or any(line.marker.evaluate({"extra": extra}) for extra in ("", *extras))

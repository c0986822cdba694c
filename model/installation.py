"""Whether what is needed is installed, and the command that mends what is not."""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, requires
from typing import Literal

from copydesk.model.errors import InstallError

Extra = Literal["desk", "language", "mcp", "otel", "ray", "train"]

_OURS = "copydesk"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+).*; extra == ['\"](?P<extra>\w+)['\"]")


def need_extra(extra: Extra, user: str) -> None:
    """Raise InstallError unless every package of this extra is installed; `user` is what needs it."""
    missing = [name for name in _packages(extra) if not _is_installed(name)]
    if missing:
        raise InstallError(f"{user} needs {', '.join(missing)}; pip install '{_OURS}[{extra}]'")


def explain_import(error: ImportError) -> InstallError:
    """What is wrong with the installation, and the command that mends it. Raises the error itself where the module
    comes with no package: one of ours, or of Python's own."""
    cause = error
    while cause.name is None and isinstance(cause.__context__, ImportError):
        cause = cause.__context__  # some packages wrap the error that names the module
    module = (cause.name or "").partition(".")[0]
    if module == _OURS or module in sys.stdlib_module_names:
        raise error
    if package := _find_package(module):
        return InstallError(f"{module}: {cause}; install it again: pip install --force-reinstall {package}")
    return InstallError(f"{cause}; complete the installation: pip install {_OURS}")


def _packages(extra: str) -> list[str]:
    """The packages that the extra names; none where copydesk runs without having been installed."""
    try:
        found = map(_REQUIREMENT.fullmatch, requires(_OURS) or [])
    except PackageNotFoundError:
        return []
    return [match["name"] for match in found if match and match["extra"] == extra]


def _find_package(module: str) -> str | None:
    """The package that a module comes with; from its name alone where the package's files are gone."""
    if packages := packages_distributions().get(module):
        return packages[0]
    return module if module and _is_installed(module) else None


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True

"""copydesk: the command line, and the public names, loaded when they are used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.__main__ import main
    from copydesk.model.analysis import Analysis, Document, Failure, Options, SummaryOptions
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.errors import CopydeskError
    from copydesk.service.bulk.dataset_map import DatasetMap

_PUBLIC = {
    "Analysis": "copydesk.model.analysis",
    "Analyzer": "copydesk.model.analyzer",
    "CopydeskError": "copydesk.model.errors",
    "DatasetMap": "copydesk.service.bulk.dataset_map",
    "Document": "copydesk.model.analysis",
    "Failure": "copydesk.model.analysis",
    "Options": "copydesk.model.analysis",
    "SummaryOptions": "copydesk.model.analysis",
    "main": "copydesk.__main__",
}
__all__ = [
    "Analysis",
    "Analyzer",
    "CopydeskError",
    "DatasetMap",
    "Document",
    "Failure",
    "Options",
    "SummaryOptions",
    "main",
]


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _PUBLIC:
        raise AttributeError(f"module 'copydesk' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

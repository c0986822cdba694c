"""copydesk: the command line, and the public names, loaded when they are used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.__main__ import main
    from copydesk.model.analysis import Analysis, Document, Failure, Options, SummaryOptions
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.errors import CopydeskError
    from copydesk.service.answers import to_answer as to_dict
    from copydesk.service.bulk.dataset_map import DatasetMap

_PUBLIC = {  # where each is, and its name there if that is another
    "Analysis": "copydesk.model.analysis",
    "Analyzer": "copydesk.model.analyzer",
    "CopydeskError": "copydesk.model.errors",
    "DatasetMap": "copydesk.service.bulk.dataset_map",
    "Document": "copydesk.model.analysis",
    "Failure": "copydesk.model.analysis",
    "Options": "copydesk.model.analysis",
    "SummaryOptions": "copydesk.model.analysis",
    "main": "copydesk.__main__",
    "to_dict": "copydesk.service.answers:to_answer",
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
    "to_dict",
]


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name == "__version__":
        from importlib.metadata import version

        return version("copydesk")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'copydesk' has no attribute {name!r}")
    import importlib

    module, _, there = _PUBLIC[name].partition(":")
    return getattr(importlib.import_module(module), there or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

"""Asks a copydesk service: texts in, answers out, without torch. The public names, loaded when they are used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.client.answers import FailureOut, ModelDescription, ResultOut
    from copydesk.client.blocking import Client
    from copydesk.client.documents import Document, Options, SummaryOptions
    from copydesk.client.errors import ClientError, DocumentError, RefusedError, UnavailableError
    from copydesk.client.nonblocking import AsyncClient

_MODULES = {
    "AsyncClient": "nonblocking",
    "Client": "blocking",
    "ClientError": "errors",
    "Document": "documents",
    "DocumentError": "errors",
    "FailureOut": "answers",
    "ModelDescription": "answers",
    "Options": "documents",
    "RefusedError": "errors",
    "ResultOut": "answers",
    "SummaryOptions": "documents",
    "UnavailableError": "errors",
}
__all__ = [
    "AsyncClient",
    "Client",
    "ClientError",
    "Document",
    "DocumentError",
    "FailureOut",
    "ModelDescription",
    "Options",
    "RefusedError",
    "ResultOut",
    "SummaryOptions",
    "UnavailableError",
]


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _MODULES:
        raise AttributeError(f"module 'copydesk.client' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"copydesk.client.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})

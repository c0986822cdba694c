"""The boundary around one document: whatever goes wrong with it is its own failure, and harms no neighbour."""

import logging
import traceback
from types import TracebackType

from copydesk.model.analysis import Failure
from copydesk.model.errors import CopydeskError, DocumentError

logger = logging.getLogger(__name__)

_N_CALLS = 8
_INTERNAL = "copydesk failed on this text; report the lines of its log, they hold none of it"


def fail_document(document_id: str | None, error: Exception) -> Failure:
    """What the error is told as. One that nobody foresaw is "internal", and goes to the log without its message, which
    may hold text. Raises the error itself where it is none of the document's, such as a fault of the installation."""
    if isinstance(error, DocumentError):
        return Failure(document_id, error.code, error.message)
    if isinstance(error, CopydeskError):
        raise error
    logger.error("a document failed: %s, at %s", type(error).__name__, "; ".join(where(error.__traceback__)))
    return Failure(document_id, "internal", _INTERNAL)


def is_ours(failure: Failure) -> bool:
    """The failure is copydesk's fault, not the text's."""
    return failure.code == "internal"


def where(trace: TracebackType | None) -> list[str]:
    """The last calls of a traceback as file:line function, without the messages and values."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-_N_CALLS:]]

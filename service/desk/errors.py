"""What goes wrong at the desk; a route turns each into an answer."""

from copydesk.model.errors import CopydeskError


class DeskError(CopydeskError):
    """The desk's database cannot be opened, read or written."""


class ConflictError(Exception):
    """What was sent does not fit what the desk holds by now; the message says what changed and what to do."""


class MissingError(Exception):
    """There is no such story, label, project, account or job."""

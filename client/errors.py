"""What goes wrong between a client and a service.

    ClientError
      RefusedError      the service does not take the request: it, or the key, has to change
      UnavailableError  no answer in all the time that the client waits
      DocumentError     one document has no analysis; carries the `code` of docs/errors.md

A message names the documents by their index, the first is 0. It never holds their text.
"""


class ClientError(Exception):
    """Base of all errors that a client raises on purpose."""


class RefusedError(ClientError):
    """The service does not take the request; `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UnavailableError(ClientError):
    """The service did not answer in all the time that the client waits."""


class DocumentError(ClientError):
    """A document has no analysis."""

    def __init__(self, index: int, code: str, message: str) -> None:
        super().__init__(f"documents[{index}]: {message}")
        self.index = index
        self.code = code

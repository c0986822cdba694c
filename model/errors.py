"""Every error copydesk raises on purpose.

    CopydeskError
      InstallError     a package that is missing or broken
      ConfigError      a setting or a TOML key
      DataError        a training or evaluation file
      BundleError      a model directory
      StoreError       a store of versions
      EncoderError     the encoder's own files
      DeviceError      a device that was asked for and does not work
      DocumentError    one text; carries a `code` that clients can branch on

A message names the thing, the value, what was expected and the remedy. It never holds article text.
"""


class CopydeskError(Exception):
    """Base of all errors that a user can mend; its message is shown without a traceback."""

    exit_code = 2  # of the command that it ends


class InstallError(CopydeskError):
    """A package that is needed is not installed, or cannot be imported."""


class ConfigError(CopydeskError):
    """A setting or configuration key is wrong."""


class DataError(CopydeskError):
    """A labelled or evaluation file is wrong."""


class BundleError(CopydeskError):
    """A bundle is missing, damaged or of another schema."""


class StoreError(CopydeskError):
    """A store of versions cannot be read or written, or has no such version."""


class EncoderError(CopydeskError):
    """An encoder cannot be found, or is not the one it should be."""


class DeviceError(CopydeskError):
    """The requested device does not work here."""


class DocumentError(CopydeskError):
    """One document cannot be analysed; its neighbours can."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> "tuple[type[DocumentError], tuple[str, str]]":
        """Another process can raise it."""
        return DocumentError, (self.code, self.message)

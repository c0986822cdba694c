"""How text files are written: their encoding and what stands between their columns."""

import codecs
import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from copydesk.model.errors import ConfigError, DataError

if TYPE_CHECKING:
    from typing_extensions import Buffer

NOT_UTF8 = "not UTF-8; convert the file, for example with iconv -t utf-8, or name its encoding with --encoding"
DELIMITERS = (",", ";", "\t", "|")  # that are guessed, the likeliest first
_BY_NAME = {"tab": "\t", "\\t": "\t"}
_BOMS = {  # UTF-32 begins as UTF-16 does
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PIECE = 2**16  # bytes decoded at a time


@dataclass(frozen=True)
class Dialect:
    """What a file does not say itself; None is found out, file by file."""

    delimiter: str | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, delimiter: str | None, encoding: str | None) -> "Dialect":
        """From the options --delimiter and --encoding. Raises ConfigError for a value that cannot be."""
        mark = _BY_NAME.get(delimiter or "", delimiter)
        if mark is not None and (len(mark) != 1 or mark in '"\r\n' or not mark.isascii()):
            raise ConfigError(f"--delimiter {delimiter!r}: expected one ASCII character, such as ';' or tab")
        try:
            is_text = encoding is None or codecs.lookup(encoding)._is_text_encoding
        except LookupError:
            is_text = False
        if not is_text:
            raise ConfigError(f"--encoding {encoding!r} is not known; expected a name such as cp1252 or utf-16")
        return cls(mark, encoding)


def to_utf8(file: IO[bytes], name: str, encoding: str | None) -> IO[bytes]:
    """The content as UTF-8 without a mark at its start; what does not decode comes out as bytes that are no UTF-8.

    encoding: None is UTF-8, or what a byte order mark says. Raises DataError for what can only be another encoding.
    """
    buffered = file if hasattr(file, "peek") else io.BufferedReader(file)  # type: ignore[type-var]  # any file
    head = buffered.peek(4)[:4]
    mark = next((mark for mark in _BOMS if head.startswith(mark)), b"")
    found = _BOMS.get(mark, "utf-8")
    if encoding is None and not mark and b"\0" in head[:2]:
        raise DataError(f"{name}:1: {NOT_UTF8}, such as utf-16-le")
    if found == "utf-8":
        buffered.read(len(mark))
    if (encoding or found) == "utf-8":
        return buffered
    return io.BufferedReader(_Recoder(buffered, encoding or found), _PIECE)


class _Recoder(io.RawIOBase):
    """A file of another encoding, read as UTF-8, piece by piece."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        is_wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass" if is_wide else "surrogateescape")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill the buffer, or part of it; 0 at the end."""
        piece = None
        while not self._ready and piece != b"":
            piece = self._file.read(_PIECE)
            self._ready = self._decode(piece)
        view = memoryview(buffer).cast("B")
        n = min(len(view), len(self._ready))
        view[:n], self._ready = self._ready[:n], self._ready[n:]
        return n

    def _decode(self, piece: bytes) -> bytes:
        return self._decoder.decode(piece, final=not piece).encode("utf-8", "surrogatepass")

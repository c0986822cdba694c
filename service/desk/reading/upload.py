"""Files that people hand in, made into stories: tables and JSON row by row, a page or a text as one story each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copydesk.model.errors import DataError, DocumentError
from copydesk.model.files.formats import EXPECTED, format_of
from copydesk.model.files.rows import Row, read_bytes
from copydesk.model.page.html.pool import read_html
from copydesk.service.desk.store.stories import NewStory

COLUMNS = ("text", "html", "title", "source")
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")
_TEXT_SUFFIXES = (".txt", ".md")
_MAX_FAULTS = 20  # that are told
_MAX_CHARACTERS = 4_000_000


@dataclass(frozen=True)
class Labelled:
    """A story, and the labels that it came with, if any."""

    story: NewStory
    labels: tuple[str, ...] | None = None
    unsure: tuple[str, ...] = ()


@dataclass
class Uploaded:
    """The stories of some files; faults: rows without one, each with its place and what is wrong."""

    stories: list[Labelled] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    n_faults: int = 0

    def note(self, fault: str) -> None:
        """Count a fault, and keep the first ones."""
        self.n_faults += 1
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(fault)


def read_files(files: Sequence[tuple[str, bytes]]) -> Uploaded:
    """The stories of these files, by name and content. A row that fails stops nothing; so does a file."""
    uploaded = Uploaded()
    for name, content in files:
        try:
            for found in _read_file(name, content):
                if isinstance(found, str):
                    uploaded.note(found)
                else:
                    uploaded.stories.append(found)
        except DataError as error:
            uploaded.note(str(error))
    return uploaded


def make_story(values: Mapping[str, Any], where: str) -> Labelled:  # Any: a row of anybody's file
    """The story of a row. Raises DataError."""
    text, title = values.get("text"), values.get("title")
    if text in (None, "") and isinstance(values.get("html"), str):
        text = _read_page(values["html"], where)
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{where}: no text in it; expected a column text, or html")
    if "\0" in text or len(text) > _MAX_CHARACTERS:
        raise DataError(
            f"{where}: the text holds NUL or more than {_MAX_CHARACTERS:,} characters; mend it or leave it out"
        )
    source = next((values[key] for key in ("source", "url", "outlet", "id") if values.get(key)), "")
    story = NewStory(_clean(text), _clean(title) if isinstance(title, str) and title.strip() else None, str(source))
    return Labelled(story, _names(values.get("labels")), _names(values.get("unsure")) or ())


def _read_file(name: str, content: bytes) -> Iterator[Labelled | str]:
    """Its stories, and a sentence for each row without one. Raises DataError for a file that does not read."""
    suffix = Path(name.lower()).suffix
    if suffix in (*_HTML_SUFFIXES, *_TEXT_SUFFIXES):
        key = "html" if suffix in _HTML_SUFFIXES else "text"
        yield make_story({key: _decode(content), "source": name}, name)
    elif format_of(name) is None:
        raise DataError(f"{name}: the extension is not known; {EXPECTED}, or .html or .txt")
    else:
        yield from map(_read_row, read_bytes(content, name, COLUMNS))


def _read_row(row: Row) -> Labelled | str:
    if row.problem:
        return f"{row.where}: {row.problem}"
    if not isinstance(row.values, Mapping):
        return f"{row.where}: expected an object with the key text"
    try:
        return make_story({"source": row.file, **row.values}, row.where)
    except DataError as error:
        return str(error)


def _read_page(html: str, where: str) -> str:
    try:
        return read_html(html).text
    except DocumentError as error:
        raise DataError(f"{where}: {error.message}") from error


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _clean(text: str) -> str:
    """The text without half pairs of surrogates, which no database holds, and with plain line ends."""
    return text.replace("\r\n", "\n").encode("utf-8", "replace").decode()


def _names(value: object) -> tuple[str, ...] | None:
    """Labels as a list, or as a cell with semicolons between."""
    if isinstance(value, str):
        value = value.split(";")
    if not isinstance(value, list):
        return None
    return tuple(name.strip() for name in value if isinstance(name, str) and name.strip())

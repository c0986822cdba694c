"""Labels files of Azure's custom text classification: one object for a project, its texts in files beside it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copydesk.model.errors import DataError
from copydesk.model.files.dialect import NOT_UTF8
from copydesk.model.files.rows import Row

_MARKS = (b'"projectFileVersion"', b'"assets"')
_HEAD = 2**16  # bytes in which a project says that it is one
_EXPECTED = "expected the labels file that Language Studio exports"


def is_project(path: Path) -> bool:
    """Whether the file is such a project."""
    if path.suffix.lower() != ".json":
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and all(mark in head for mark in _MARKS)


def read_project(path: Path, encoding: str | None) -> Iterator[Row]:
    """Every document of the project, with the text of its file. Raises DataError."""
    try:
        project = json.loads(path.read_text(encoding="utf-8-sig"))
        documents = project["assets"]["documents"]
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON; {_EXPECTED}") from error
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: no assets.documents; {_EXPECTED}") from error
    if not isinstance(documents, list):
        raise DataError(f"{path}: assets.documents is {type(documents).__name__}, expected a list; {_EXPECTED}")
    for i, document in enumerate(documents):
        where = f"{path}: assets.documents[{i}]"
        try:
            values = _read_document(document, path.parent, encoding or "utf-8-sig")
        except DataError as error:
            yield Row(i + 1, problem=str(error), file=path.name, where=where)
        else:
            yield Row(i + 1, values, file=path.name, where=where)


def _read_document(document: Any, folder: Path, encoding: str) -> dict[str, Any]:  # Any: JSON
    if not isinstance(document, dict) or not isinstance(document.get("location"), str):
        raise DataError(f"location: expected the name of a text's file; {_EXPECTED}")
    values = {
        "id": document["location"],
        "labels": _categories(document),
        "text": _read_text(folder, document["location"], encoding),
    }
    return values | ({"for_test": True} if document.get("dataset") == "Test" else {})


def _categories(document: dict[str, Any]) -> list[str]:  # Any: JSON
    """The classes of a project with several for each text, or the one of a project with one."""
    classes = [document["class"]] if "class" in document else document.get("classes")
    if not classes:
        raise DataError("classes: nobody has labelled this text; label it in Language Studio, or leave it out")
    if not isinstance(classes, list) or not all(isinstance(one, dict) and "category" in one for one in classes):
        raise DataError(f"classes: expected a list of objects with a category; {_EXPECTED}")
    return [one["category"] for one in classes]


def _read_text(folder: Path, location: str, encoding: str) -> str:
    path = (folder / location).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise DataError(f"location: {location!r} leads out of the folder of the labels file; put the texts beside it")
    try:
        return path.read_text(encoding=encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"location: {location!r} is {NOT_UTF8}") from error
    except OSError as error:
        raise DataError(
            f"location: no file {location!r} beside the labels file; download the container's texts there"
        ) from error

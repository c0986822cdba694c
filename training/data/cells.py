"""Cells of tables that hold labels: names with a separator between them, or a list as a program writes it."""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from copydesk.model.errors import DataError

SEPARATOR = ";"  # the documented one
_GUESSED = (SEPARATOR, "#", "|")  # that no label's name holds, the likeliest first; # is doccano's
_DOUBTFUL = (*_GUESSED, ",", "/")  # that a label's name may hold
_DOCCANO = re.compile(r"(?<=\w)#(?=\w)")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_NOTHING = {"null", "none", "nan", "<na>", "n/a"}  # how programs write that there is no value
_NUMBER = re.compile(r"\d{1,3}(\.0)?")
_OPTION = "name what separates labels with --label-separator"


@dataclass(frozen=True)
class LabelCells:
    """How the label cells of one file are read.

    known: labels that stand in its cells without doubt. is_open: the separator is a guess, or none was seen.
    are_numbers: the cells hold nothing else.
    """

    separator: str
    known: frozenset[str] = frozenset()
    is_open: bool = False
    are_numbers: bool = False

    @property
    def is_guess(self) -> bool:
        """Whether a person should know of the separator: it is none that is documented."""
        return self.is_open and self.separator in ("|", ",")

    def read(self, cell: str) -> list[str]:
        """The labels of the cell. Raises DataError for one that may mean something else."""
        if is_list(cell):
            return _read_list(cell)
        if cell.strip().casefold() in _NOTHING:
            raise DataError(f"not labelled: {cell.strip()} stands for no value; give labels or leave the row out")
        labels = _split(cell, self.separator)
        if labels and self.are_numbers:
            raise DataError(f"the labels are numbers, expected names; put names, or {_OPTION} to take them as names")
        for label in labels:
            if mark := self._doubt(label):
                raise DataError(f"the labels look like several with {mark!r} between; separate by ;, or {_OPTION}")
        return labels

    def _doubt(self, label: str) -> str | None:
        """What may separate labels inside this one."""
        for mark in _DOUBTFUL:
            parts = _split(label, mark) if mark != self.separator else []
            if len(parts) > 1 and (self.known.intersection(parts) or (self.is_open and mark != "/")):
                return mark
        return None


def learn_cells(cells: Iterable[str]) -> LabelCells:
    """How the label cells of a file are read, by its own convention.

    The separator is `;`, `#` or `|`, the first of them that stands in a cell; a comma only where one label at least
    stands in several cells, since names hold commas too.
    """
    texts = {cell.strip() for cell in cells if cell.strip() and not is_list(cell)}
    used = [mark for mark in (*_GUESSED, ",") if any(len(_split(text, mark)) > 1 for text in texts)]
    separator = used[0] if used else SEPARATOR
    if separator == "," and not _share_labels(texts):
        separator = SEPARATOR
    labels = {label for text in texts for label in _split(text, separator)}
    known = {label for label in labels if not any(len(_split(label, mark)) > 1 for mark in _DOUBTFUL)}
    are_numbers = bool(labels) and all(map(_NUMBER.fullmatch, labels))
    return LabelCells(separator, frozenset(known), is_open=SEPARATOR not in used, are_numbers=are_numbers)


def is_list(cell: str) -> bool:
    """Whether the cell looks like a list that a program has written: `['a', 'b']`, `["a"]`, `[]`."""
    cell = cell.strip()
    return len(cell) > 1 and _BRACKETS.get(cell[0]) == cell[-1]


def _read_list(cell: str) -> list[str]:
    """Quoted names, with commas or, as numpy writes, with space between."""
    inside = cell.strip()[1:-1]
    if _QUOTED.sub("", inside).strip(", \t\r\n"):
        raise DataError(f"the labels look like a list and do not read as one; write names with {SEPARATOR} between")
    return [str(ast.literal_eval(name)).strip() for name in _QUOTED.findall(inside)]


def _share_labels(texts: Iterable[str]) -> bool:
    """Whether commas separate: a part of a cell with commas stands in another cell too."""
    parts = [set(_split(text, ",")) for text in texts]
    counts = Counter(label for labels in parts for label in labels)
    return any(counts[label] > 1 for labels in parts if len(labels) > 1 for label in labels)


def _split(cell: str, separator: str) -> list[str]:
    parts = _DOCCANO.split(cell) if separator == "#" else cell.split(separator)
    return [part.strip() for part in parts if part.strip()]

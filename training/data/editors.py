"""Articles with the sentences that editors would print, read and checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk.model.analysis import Span
from copydesk.model.errors import DataError
from copydesk.model.files.dialect import Dialect
from copydesk.model.files.rows import Row, find_columns, read_rows
from copydesk.model.files.sources import find_source
from copydesk.training.data.stories import label_set, read_text
from copydesk.training.metrics.credit import EditorsChoice as EditorsChoice

_FIELDS = ("text", "spans", "annotations")
_LISTS = ("key", "also", "furniture", "dangling")  # of an annotation: numbers of sentences, from 1


@dataclass(frozen=True)
class EditedStory:
    """An article, its sentences, and what each editor says of them.

    labels: those that every editor gives, none where no editor was asked; unsure: those that an editor is unsure of, or
    that only some give.
    """

    id: str
    title: str | None
    text: str
    spans: tuple[Span, ...]
    choices: tuple[EditorsChoice, ...]
    labels: frozenset[str] | None = None
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReadEditors:
    """The articles of a file, and its faults by file, line and remedy."""

    stories: list[EditedStory]
    faults: list[str]


def is_edited(name: str, dialect: Dialect) -> bool:
    """The files of this name hold articles with annotations of their sentences. Raises DataError."""
    columns = [find_columns(path, dialect, _FIELDS) for path in find_source(name).files]
    return bool(columns) and all({"spans", "annotations"} <= set(found) for found in columns)


def read_editors(path: str | Path) -> list[EditedStory]:
    """Every article of a file without faults: the first one raises DataError naming file and line."""
    read = scan_editors(path)
    if read.faults:
        raise DataError(read.faults[0])
    return read.stories


def scan_editors(path: str | Path) -> ReadEditors:
    """Every article of a file, and what is wrong with it. Raises DataError for one that does not read or is empty."""
    stories, faults, lines = list[EditedStory](), list[str](), dict[str, str]()
    for row in read_rows(find_source(str(path)), _FIELDS, all_columns=True):
        try:
            story = _story(row)
        except DataError as error:  # a row that fails is no error of the others
            faults.append(str(error))
            continue
        if (line := lines.setdefault(story.id, row.where)) != row.where:
            faults.append(f"{row.where}: id {story.id!r} is also at {line}; give each article its own")
        else:
            stories.append(story)
    if not stories and not faults:
        raise DataError(f"{path}: no article; expected rows with {', '.join(_FIELDS)}")
    return ReadEditors(stories, faults)


def _story(row: Row) -> EditedStory:
    if row.problem:
        raise DataError(f"{row.where}: {row.problem}")
    _need_fields(row.values, _FIELDS, row.where)
    text, title = read_text(row)
    spans = tuple(_spans(row.values["spans"], text, row.where))
    annotations = row.values["annotations"]
    if not isinstance(annotations, list) or not annotations:
        raise DataError(f"{row.where}: no annotation; expected a list of them, each with {', '.join(_LISTS)}")
    places = [f"{row.where}: annotation {n}" for n in range(1, len(annotations) + 1)]
    choices = [_choice(one, len(spans), place) for one, place in zip(annotations, places, strict=True)]
    labels, unsure = _merge_labels(annotations, places)
    return EditedStory(str(row.values.get("id") or row.where), title, text, spans, tuple(choices), labels, unsure)


def _need_fields(values: Any, fields: Sequence[str], where: str) -> None:  # Any: JSON of anybody's file
    if not isinstance(values, Mapping):
        raise DataError(f"{where} is {type(values).__name__}, expected an object with {', '.join(fields)}")
    missing = [field for field in fields if values.get(field) is None]
    if missing:
        raise DataError(f"{where}: no {missing[0]}; expected {', '.join(fields)}")


def _spans(values: Any, text: str, where: str) -> Iterator[Span]:  # Any: JSON of anybody's file
    """The sentences in the order of the text. Raises DataError for one that does not fit it."""
    if not isinstance(values, list) or not values:
        raise DataError(f"{where}: spans is empty or no list; expected [start, end) of each sentence, in code points")
    end_before = 0
    for number, value in enumerate(values, 1):
        if not isinstance(value, list) or len(value) != 2 or not all(map(_is_integer, value)):
            raise DataError(f"{where}: span {number} is no pair of integers; expected [start, end)")
        span = Span(*value)
        place = f"{where}: span {number} [{span.start}, {span.end})"
        if not 0 <= span.start <= span.end <= len(text):
            raise DataError(f"{place} does not fit the text of {len(text)} characters; count code points, not bytes")
        if span.start < end_before:
            raise DataError(f"{place} begins before the end of the one before, {end_before}; put them in order, apart")
        if not text[span.start : span.end].strip():
            raise DataError(f"{place} holds no text; leave it out and number the sentences again")
        end_before = span.end
        yield span


def _choice(values: Any, n_sentences: int, where: str) -> EditorsChoice:  # Any: JSON of anybody's file
    _need_fields(values, _LISTS, where)
    key, also, furniture, dangling = (_indices(values[name], n_sentences, f"{where}: {name}") for name in _LISTS)
    if not key:
        raise DataError(f"{where}: key is empty; expected the numbers of the sentences to print, best first")
    for index in key:
        if key.count(index) > 1:
            raise DataError(f"{where}: key names sentence {index + 1} twice; name each once")
        if index in furniture:
            raise DataError(f"{where}: sentence {index + 1} is in key and in furniture; take it out of one of them")
    return EditorsChoice(key, frozenset(also), frozenset(furniture), frozenset(dangling))


def _indices(numbers: Any, n_sentences: int, where: str) -> tuple[int, ...]:  # Any: JSON of anybody's file
    if not isinstance(numbers, list) or not all(map(_is_integer, numbers)):
        raise DataError(f"{where} is no list of integers; expected numbers of sentences, from 1")
    for number in numbers:
        if not 1 <= number <= n_sentences:
            raise DataError(f"{where}: no sentence {number}; spans has {n_sentences}, numbered from 1")
    return tuple(number - 1 for number in numbers)


def _merge_labels(
    annotations: Sequence[Mapping[str, Any]], places: Sequence[str]
) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The labels of all who give any, and those that are open among them."""
    asked = [(one, place) for one, place in zip(annotations, places, strict=True) if one.get("topics") is not None]
    given = [label_set(one["topics"], f"{place}: topics") for one, place in asked]
    unsure = [label_set(one.get("unsure") or [], f"{place}: unsure") for one, place in asked]
    if not asked:
        return None, frozenset()
    everyone, anyone = frozenset.intersection(*given), frozenset.union(*given)
    return everyone, frozenset.union(anyone - everyone, *unsure)


def _is_integer(value: Any) -> bool:  # Any: JSON of anybody's file
    return isinstance(value, int) and not isinstance(value, bool)

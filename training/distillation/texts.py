"""Texts without labels: read from any files, each once, and split."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from copydesk.model.errors import DataError
from copydesk.model.files.rows import Row, read_rows
from copydesk.model.files.sources import find_source
from copydesk.training.data.stories import LabelledStory, read_text

_LETTER = re.compile(r"[^\W\d_]")
_COLUMNS = ("text", "article")  # where the text may stand: news, and collections of summaries


@dataclass(frozen=True)
class PlainTexts:
    """Texts as stories without labels: to learn from, and held out."""

    train: list[LabelledStory]
    held_out: list[LabelledStory]


def read_texts(names: Sequence[str], limit: int, held_out: float) -> PlainTexts:
    """The first `limit` texts of each of the files, a text that stands twice once; a share of them held out.

    By content, so that a text falls on the same side in every run. Raises DataError naming file and line.
    """
    found = {text.fingerprint: text for name in names for text in islice(_read(name), limit)}
    kept = {key: text for key, text in found.items() if int(key[:8], 16) >= held_out * 16**8}
    out = [text for key, text in found.items() if key not in kept]
    if not kept or not out:
        raise DataError(f"{', '.join(names) or 'no file'}: {len(found)} texts are too few; name more with --data")
    return PlainTexts(list(kept.values()), out)


def _read(name: str) -> Iterator[LabelledStory]:
    for row in read_rows(find_source(name), (*_COLUMNS, "title")):
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        yield _text(row)


def _text(row: Row) -> LabelledStory:
    column = next((column for column in _COLUMNS if row.values.get(column)), None)
    if column is None:
        raise DataError(f"{row.where}: no text; expected a column {' or '.join(_COLUMNS)}")
    text, title = read_text(replace(row, values={**row.values, "text": row.values[column]}))
    if not _LETTER.search(text):
        raise DataError(f"{row.where}: the text has no letters; correct the row or leave it out")
    return LabelledStory(text, frozenset(), title=title, where=row.where)

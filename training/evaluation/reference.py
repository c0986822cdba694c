"""The reference that drift is told from, made of files of texts or of stories that were held out."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.model.analysis import Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import REFERENCE
from copydesk.model.drift.reference import MIN_TEXTS, WINDOW, Reference, make_reference, write_reference
from copydesk.model.errors import DataError
from copydesk.model.files.row import Row
from copydesk.model.files.rows import read_rows
from copydesk.model.files.sources import find_source
from copydesk.training.console import SILENT, Progress

if TYPE_CHECKING:  # `copydesk drift` runs without the extra that reading labels needs
    from copydesk.training.data.stories import LabelledStory

_COLUMNS = ("text", "title", "html")


def measure_reference(
    analyzer: Analyzer,
    documents: Sequence[Document],
    source: str,
    *,
    window: int = WINDOW,
    progress: Progress = SILENT,
) -> Reference:
    """The reference of these texts as the analyzer reads them, for windows of so many. Raises DataError."""
    results = analyzer.analyze_many(documents)
    read = list(progress.track(results, len(documents), "reading", "texts"))
    progress.say("drawing windows, to see how far they are from each other by chance")
    return make_reference(analyzer.bundle, read, source, window=window)


def keep_reference(directory: Path, held_out: "Sequence[LabelledStory]", progress: Progress = SILENT) -> None:
    """Write the reference of the stories that the bundle in the directory has not learned from beside it; with fewer
    than a reference needs, say so."""
    if len(held_out) < MIN_TEXTS:
        progress.say(
            f"drift: {len(held_out)} stories that it has not learned from are too few for a reference ({MIN_TEXTS}); "
            "make one with `copydesk drift reference`"
        )
        return
    documents = [Document(story.text, story.title) for story in held_out]
    reference = measure_reference(Analyzer.load(directory), documents, "the stories held out", progress=progress)
    write_reference(directory / REFERENCE, reference)


def read_documents(names: Sequence[str]) -> list[Document]:
    """The texts or pages of files, globs and hub datasets. Raises DataError, also where no row has any."""
    rows = (row for name in names for row in read_rows(find_source(name), _COLUMNS))
    documents = [document for row in rows for document in _to_document(row)]
    if not documents:
        raise DataError(f"{', '.join(names)}: no row has a text; give rows with the keys text or html, and title")
    return documents


def _to_document(row: Row) -> Iterator[Document]:
    """The row's document, if it has one."""
    if row.problem or not isinstance(row.values, Mapping):
        return
    text, html, title = (
        value if isinstance(value := row.values.get(name), str) else "" for name in ("text", "html", "title")
    )
    if text or html:
        yield Document(text, title or None, None, None if text else html)

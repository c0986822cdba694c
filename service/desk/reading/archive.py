"""An archive's rows as stories of the desk: `copydesk batch INPUT OUTPUT --desk PROJECT`."""

from collections.abc import Iterator
from itertools import islice

from copydesk.model.analysis import Document
from copydesk.model.errors import DataError
from copydesk.model.files.rows import read_rows
from copydesk.model.files.sources import Source
from copydesk.service.bulk.columns import Columns, to_item
from copydesk.service.desk.reading.upload import make_story
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.stories import Added, NewStory, add_stories

_AT_ONCE = 500


def take_in(database: Database, project_id: int, source: Source, columns: Columns, limit: int | None) -> Added:
    """Keep the stories of the rows; a row without one is passed over, since the job has told of it already."""
    n_new = n_known = 0
    stories = _stories(source, columns, limit)
    while part := list(islice(stories, _AT_ONCE)):
        with database.write() as session:
            added = add_stories(session, project_id, part)
        n_new, n_known = n_new + added.n_new, n_known + added.n_known
    return Added(n_new, n_known, ())


def _stories(source: Source, columns: Columns, limit: int | None) -> Iterator[NewStory]:
    for row in islice(read_rows(source, columns.names), limit):
        item = to_item(row, columns)
        if isinstance(item.document, Document):
            values = {"text": item.document.text, "html": item.document.html, "title": item.document.title}
            try:
                yield make_story({**values, "source": item.document.id or item.file}, row.where).story
            except DataError:
                continue

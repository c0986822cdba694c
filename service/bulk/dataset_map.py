"""The analyzer as a function for `datasets.Dataset.map`."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from copydesk.model.analysis import Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError
from copydesk.model.files.row import Row
from copydesk.service.bulk.columns import Columns, to_item
from copydesk.service.bulk.records import flat_columns, make_record


class DatasetMap:
    """`dataset.map(DatasetMap(analyzer), batched=True)` adds labels, a score per label, summary and error."""

    def __init__(self, analyzer: Analyzer, options: Options | None = None, columns: Columns | None = None) -> None:
        self._analyzer = analyzer
        self._options = options or Options()
        self._columns = columns or Columns()

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:  # Any: anybody's columns
        """The new columns of a batch of rows."""
        labels = self._analyzer.bundle.labels
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        items = [to_item(Row(number, row), self._columns) for number, row in enumerate(rows, 1)]
        results = self._analyzer.analyze_many((item.document for item in items), self._options)
        records = [make_record(item, result, labels=labels) for item, result in zip(items, results, strict=True)]
        names = [name for name in flat_columns(labels, ()) if name != "id"]
        return {name: [record[name] for record in records] for name in names}

    def __reduce__(self) -> tuple[Any, ...]:
        """What `datasets` tells two functions apart by: the model and the options, not its weights."""
        return _refuse_copy, (self._analyzer.bundle.digest, self._options, self._columns)


def _refuse_copy(*_: object) -> NoReturn:
    raise ConfigError("num_proc: a model stays in its process and uses every core; leave num_proc out")

"""The analyzer as a function for `datasets.Dataset.map`."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from copydesk.model.analysis import Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError
from copydesk.model.files.row import Row
from copydesk.model.installation import need_extra
from copydesk.service.bulk.columns import Columns, to_item
from copydesk.service.bulk.records import FlatFormat, flat_columns, make_record, score_column


class DatasetMap:
    """`dataset.map(annotate, batched=True, features=annotate.features(dataset))` adds the flat columns.

    They are labels, a score per label, summary, other_stories, model and error. Without `features` the types are
    guessed from the first batch, and a later one with the first error, or the first label, would not fit.
    """

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
        digest = self._analyzer.bundle.digest
        pairs = zip(items, results, strict=True)
        records = [make_record(item, result, flat=FlatFormat(labels, digest)) for item, result in pairs]
        names = [name for name in flat_columns(labels, ()) if name != "id"]
        return {name: [record[name] for record in records] for name in names}

    def features(self, dataset: Any) -> Any:  # Any: datasets has no types
        """The features of the dataset with the new columns."""
        need_extra("train", "a dataset with these columns")
        from datasets import Features, Value

        labels = self._analyzer.bundle.labels
        types = {name: Value("string") for name in flat_columns(labels, ()) if name != "id"}
        types |= {score_column(label): Value("float64") for label in labels} | {"labels": [Value("string")]}
        return Features({**dataset.features, **types})

    def __reduce__(self) -> tuple[Any, ...]:
        """What `datasets` tells two functions apart by: the model and the options, not its weights."""
        return _refuse_copy, (self._analyzer.bundle.digest, self._options, self._columns)


def _refuse_copy(*_: object) -> NoReturn:
    raise ConfigError("num_proc: a model stays in its process and uses every core; leave num_proc out")

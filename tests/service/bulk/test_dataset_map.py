import pickle

import datasets
import pytest

from copydesk import DatasetMap
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError
from support.tiny import LABELS, STORY


def test_a_dataset_gets_labels_scores_and_summaries(analyzer: Analyzer) -> None:
    dataset = datasets.Dataset.from_dict({"id": [1, 2], "text": [STORY, ""]})
    mapped = dataset.map(DatasetMap(analyzer), batched=True)
    assert mapped.column_names == [
        "id",
        "text",
        "labels",
        *(f"score_{label}" for label in LABELS),
        "summary",
        "error",
    ]
    assert mapped[0]["summary"] == analyzer.analyze(STORY).story.summary.text
    assert mapped[1]["error"].startswith("empty_text: ")


def test_a_copy_in_another_process_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(ConfigError, match="leave num_proc out"):
        pickle.loads(pickle.dumps(DatasetMap(analyzer)))

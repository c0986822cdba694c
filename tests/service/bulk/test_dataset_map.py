import pickle

import datasets
import pytest

from copydesk import DatasetMap
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError
from support.tiny import LABELS, STORY


def test_a_dataset_gets_the_flat_columns(analyzer: Analyzer) -> None:
    dataset = datasets.Dataset.from_dict({"id": [1, 2], "text": [STORY, ""]})
    mapped = dataset.map(DatasetMap(analyzer), batched=True)
    scores = [f"score_{label}" for label in LABELS]
    names = ["id", "text", "labels", *scores, "summary", "other_stories", "model", "error"]
    assert mapped.column_names == names
    assert mapped[0]["summary"] == analyzer.analyze(STORY).story.summary.text
    assert mapped[0]["model"] == analyzer.bundle.digest
    assert mapped[1]["error"].startswith("empty_text: ")


def test_the_types_are_those_that_are_told_whatever_the_first_batch_holds(analyzer: Analyzer) -> None:
    dataset = datasets.Dataset.from_dict({"text": ["", "", STORY, STORY, ""]})
    annotate = DatasetMap(analyzer)
    mapped = dataset.map(annotate, batched=True, batch_size=2, features=annotate.features(dataset))
    assert mapped.features["labels"] == datasets.List(datasets.Value("string"))
    assert mapped.features["score_trade"] == datasets.Value("float64")
    assert [error is None for error in mapped["error"]] == [False, False, True, True, False]
    assert mapped["score_trade"][0] is None
    assert mapped["score_trade"][2] == mapped["score_trade"][3]


def test_a_copy_in_another_process_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(ConfigError, match="leave num_proc out"):
        pickle.loads(pickle.dumps(DatasetMap(analyzer)))

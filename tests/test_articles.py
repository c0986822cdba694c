import pytest

pytest.importorskip("peft")

from model.errors import DataError
from training.articles import load_articles
from training.config import SummariesSection


def test_a_word_that_names_a_builder_is_no_source_of_summaries() -> None:
    with pytest.raises(DataError, match=r"pandas: expected a \.parquet file or a hub dataset"):
        load_articles(SummariesSection(source="pandas"))

import pytest

pytest.importorskip("peft")

from copydesk.model.errors import DataError
from copydesk.training.config import SummariesSection
from copydesk.training.data.articles import load_articles


def test_a_word_that_names_a_builder_is_no_source_of_summaries() -> None:
    with pytest.raises(DataError, match=r"pandas: expected a \.parquet file or a hub dataset"):
        load_articles(SummariesSection(source="pandas"))

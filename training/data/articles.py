"""Articles with reference summaries: where the salience head learns from."""

from pathlib import Path
from typing import Any

from copydesk.model.errors import ConfigError, DataError
from copydesk.model.files.hub import HUB_NAME
from copydesk.training.config import SummariesSection


def load_articles(section: SummariesSection) -> Any:  # Any: datasets has no types
    """The articles with reference summaries as a `datasets.Dataset`; hub name or Parquet file."""
    import datasets

    datasets.disable_progress_bars()  # the console alone prints
    if section.source is None:
        raise ConfigError("summaries.source is not set; name a Parquet file or a hub dataset")
    if section.source.endswith(".parquet"):
        if not Path(section.source).is_file():
            raise DataError(f"{section.source}: no such file; expected Parquet with the columns article and highlights")
        data = datasets.Dataset.from_parquet(section.source)
    elif not HUB_NAME.fullmatch(section.source):  # a bare word would name a builder, and some unpickle
        raise DataError(f"{section.source}: expected a .parquet file or a hub dataset 'owner/name'")
    else:
        data = datasets.load_dataset(section.source, section.configuration, split="train")
    missing = {"article", "highlights"} - set(data.column_names)
    if missing:
        raise DataError(
            f"{section.source}: no column {', '.join(sorted(missing))}; it has {', '.join(data.column_names)}"
        )
    return data

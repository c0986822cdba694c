"""Articles with reference summaries: where the salience head learns from."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from model.errors import ConfigError, DataError
from training.config import SummariesSection, TrainingConfig
from training.examples import Example, article_example, label_article
from training.stories import HUB_NAME


def load_articles(section: SummariesSection) -> Any:  # Any: datasets has no types
    """The articles with reference summaries as a `datasets.Dataset`; hub name or Parquet file."""
    import datasets

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


def article_examples(config: TrainingConfig, n_labels: int, tokenizer: Tokenizer) -> Iterator[Example]:
    """The configuration's articles, drawn by its seed, each with the sentences that sum it up best."""
    section = config.summaries
    if section.source is None or section.limit == 0:
        return
    data = load_articles(section)
    data = data.shuffle(seed=config.seed).select(range(min(section.limit, len(data))))
    labelled = data.map(
        label_article,
        input_columns=["article", "highlights"],
        remove_columns=data.column_names,
        num_proc=os.cpu_count(),
        desc="oracle summaries",
    )
    sizes = {"max_tokens": config.encoder.max_tokens, "max_windows": section.max_windows}
    for row in labelled:
        if row["sentences"]:
            yield article_example(row["sentences"], row["oracle"], n_labels, tokenizer, **sizes)

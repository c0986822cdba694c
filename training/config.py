"""The training configuration: a TOML file, checked key by key. The defaults are those of configs/topics.toml."""

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from copydesk.model.bundles.manifest import ENGLISH
from copydesk.model.errors import ConfigError
from copydesk.model.network.encoder.files import DEFAULT_ENCODER
from copydesk.model.network.sizes import HeadConfig

_SHIPPED = Path(__file__).parents[1] / "configs"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EncoderSection(_Section):
    """Which encoder is fine-tuned, and how."""

    name: str = Field(DEFAULT_ENCODER, description="The default encoder, a folder, or 'owner/name' on the hub.")
    revision: str | None = Field(None, description="Of a hub encoder: a commit, tag or branch.")
    layers: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (), strict=False, description="Layers that are kept, counted from 0; empty: the base's, or all."
    )
    max_tokens: int | None = Field(
        None, ge=16, le=8192, description="Tokens of a window, special tokens included; none: the base's, or 256."
    )
    mode: Literal["lora", "full", "head"] = Field(
        "full", description="What is trained: low-rank updates, every weight, or the heads alone."
    )
    rank: int = Field(
        64, ge=0, description='Rank of the updates that the bundle stores; 0, with "full": it stores every weight.'
    )
    alpha: float = Field(64.0, gt=0, description='"lora" scales its updates by alpha / rank.')

    @model_validator(mode="after")
    def _check_rank(self) -> Self:
        if self.mode != "full" and self.rank == 0:
            raise ValueError(f'rank 0 stores every weight, which mode "{self.mode}" does not train; give a rank')
        return self


class HeadsSection(_Section):
    """Sizes of the heads; see `copydesk.model.network.sizes.HeadConfig`."""

    tag_width: int = Field(256, ge=8, description="Width of the tag head's hidden layer.")
    salience_width: int = Field(
        256, ge=8, description="Width of the transformer that scores sentences for the summary."
    )
    salience_layers: int = Field(2, ge=1, description="Its layers.")
    salience_heads: int = Field(4, ge=1, description="Its attention heads.")

    def to_heads(self) -> HeadConfig:
        """The same sizes for the network."""
        return HeadConfig(**self.model_dump())


class TagsSection(_Section):
    """The labelled stories."""

    files: tuple[str, ...] = Field(
        (), strict=False, description="JSONL, CSV or Parquet, globs allowed, or a hub dataset."
    )
    text_column: str | None = Field(None, description="Column of the text in the files; none: text.")
    label_column: str | None = Field(None, description="Column of the labels; none: labels or label.")
    label_separator: str | None = Field(
        None, description="What stands between the labels of a cell; none: found out from the file."
    )
    delimiter: str | None = Field(
        None, description="Between columns of the files: one character, or tab; none: found in the header."
    )
    encoding: str | None = Field(
        None, description="Of text files, such as cp1252; none: UTF-8, or what a byte order mark says."
    )
    labels: tuple[str, ...] = Field(
        (), strict=False, description="Labels in their order in the bundle; empty: every label found, sorted."
    )
    passes: float = Field(4.0, gt=0, description="How often each story is seen.")
    max_windows: int = Field(4, ge=1, description="Windows of a story that are read in training (serving reads all).")
    held_out: float = Field(
        0.15, gt=0, lt=0.9, description="Share kept for early stopping, thresholds and calibration."
    )
    folds: int = Field(
        0,
        ge=0,
        le=20,
        description="Parts that are held out in turn, each from a run of its own, so that thresholds and calibration "
        "come from every story and the bundle learns from all of them; 0 or 1: one run, and the share above.",
    )

    @property
    def is_crossed(self) -> bool:
        """Thresholds and calibration come from runs that each hold out a part."""
        return self.folds > 1


class EditorsSection(_Section):
    """Articles that editors have read: which sentences to print, which are furniture or cannot stand alone."""

    files: tuple[str, ...] = Field((), strict=False, description="JSONL, as `copydesk evaluate --editors` reads it.")
    passes: float = Field(4.0, gt=0, description="How often each article is seen.")
    max_windows: int = Field(6, ge=1, description="Windows of an article that are read in training.")


class SummariesSection(_Section):
    """Articles with reference summaries, for the salience head."""

    source: str | None = Field(
        None, description="Hub dataset or Parquet file with the columns article and highlights; none: no summaries."
    )
    configuration: str | None = Field(None, description="Configuration of a hub dataset.")
    limit: int = Field(12_000, ge=0, description="Articles used, drawn by the seed.")
    replay: int = Field(
        2_500,
        ge=0,
        description="Without a base, articles are read before all else; and so many of them again.",
    )
    max_windows: int = Field(3, ge=1, description="Windows of an article that are read in training.")
    weight: float = Field(1.0, ge=0, description="Weight of what is said of sentences beside the tag loss.")


class TextsSection(_Section):
    """Texts without labels, on which a bundle teaches a smaller one: for `copydesk distill` alone."""

    files: tuple[str, ...] = Field((), strict=False, description="Files with a column text or article, and titles.")
    passes: float = Field(1.0, gt=0, description="How often each text is seen.")
    max_windows: int = Field(6, ge=1, description="Windows of a text that are read in training.")
    limit: int = Field(100_000, ge=1, description="Texts used of each file, the first ones.")
    held_out: float = Field(
        0.05, gt=0, lt=0.9, description="Share kept to fit scores and thresholds to those of the teacher."
    )
    vector_weight: float = Field(
        10.0,
        ge=0,
        description="Weight of the distance from the teacher's sentence vectors beside what is said of them.",
    )


class OptimizerSection(_Section):
    """AdamW and its schedule."""

    encoder_learning_rate: float = Field(8e-5, gt=0, description="Peak learning rate of the encoder.")
    head_learning_rate: float = Field(1e-3, gt=0, description="Peak learning rate of the heads.")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="Each layer of the encoder learns at this times the rate of the one above it."
    )
    weight_decay: float = Field(0.01, ge=0, description="AdamW's weight decay.")
    warmup: float = Field(0.06, ge=0, lt=1, description="Share of the steps in which the learning rates rise.")
    batch_stories: int = Field(16, ge=1, description="Stories and articles per step and device.")
    evaluations: int = Field(3, ge=1, description="Checks of macro-F1 on the held-out stories, each with a checkpoint.")
    patience: int = Field(3, ge=1, description="Checks without progress before training stops.")


class TrainingConfig(_Section):
    """All of it. `seed` reaches the split, the order of the stories and the initial weights."""

    name: str = Field("topics", description="Name of the bundle, and of its folder under runs/.")
    seed: int = Field(13, description="Of the split, the order of the stories and the initial weights.")
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...] = Field(
        ENGLISH,
        strict=False,
        min_length=1,
        description="ISO 639 codes of those that the bundle is made for; an answer warns where a text is in another.",
    )
    encoder: EncoderSection = EncoderSection()
    heads: HeadsSection = HeadsSection()
    tags: TagsSection = TagsSection()
    editors: EditorsSection = EditorsSection()
    summaries: SummariesSection = SummariesSection()
    texts: TextsSection = TextsSection()
    optimizer: OptimizerSection = OptimizerSection()

    def with_sources(self, data: Sequence[str], summaries: str | None, editors: Sequence[str] = ()) -> "TrainingConfig":
        """The same configuration with more labelled files and articles of editors, and another source of summaries."""
        tags = self.tags.model_copy(update={"files": (*self.tags.files, *data)})
        changed = self.summaries.model_copy(update={"source": summaries}) if summaries else self.summaries
        edited = self.editors.model_copy(update={"files": (*self.editors.files, *editors)})
        return self.model_copy(update={"tags": tags, "summaries": changed, "editors": edited})

    def with_texts(self, files: Sequence[str]) -> "TrainingConfig":
        """The same configuration with more texts without labels."""
        return self.model_copy(update={"texts": self.texts.model_copy(update={"files": (*self.texts.files, *files)})})

    def with_encoder(self, *, layers: tuple[int, ...], max_tokens: int) -> "TrainingConfig":
        """The same configuration with these layers and windows of the encoder."""
        encoder = self.encoder.model_copy(update={"layers": layers, "max_tokens": max_tokens})
        return self.model_copy(update={"encoder": encoder})

    def with_reading(self, **changes: str | None) -> "TrainingConfig":
        """The same configuration, read with these values of keys in [tags]; None leaves a key as it is."""
        given = {key: value for key, value in changes.items() if value is not None}
        return self.model_copy(update={"tags": self.tags.model_copy(update=given)})


def read_config(path: Path) -> TrainingConfig:
    """The configuration in this TOML file, or in the one that ships under this name, whose stories ship beside it.

    Raises ConfigError naming the first wrong key.
    """
    shipped = _SHIPPED / f"{path}.toml"
    if path.is_file() or len(path.parts) > 1 or not shipped.is_file():
        return _read_file(path)
    config = _read_file(shipped)
    tags = config.tags.model_copy(update={"files": tuple(str(_SHIPPED.parent / file) for file in config.tags.files)})
    return config.model_copy(update={"tags": tags})


def _read_file(path: Path) -> TrainingConfig:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        names = ", ".join(sorted(file.stem for file in _SHIPPED.glob("*.toml")))
        raise ConfigError(f"{path}: not found; name a TOML file, or one that ships: {names}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    *sections, key = (str(part) for part in first["loc"])
    where = f"in [{'.'.join(sections)}]" if sections else "at the top level"
    if first["type"] != "extra_forbidden":
        return f"key {key!r} {where}: {first['msg']}, got {first['input']!r}"
    near = get_close_matches(key, _keys(sections), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_keys(sections))}"
    return f"unknown key {key!r} {where}; {hint}"


def _keys(sections: list[str]) -> list[str]:
    section: Any = TrainingConfig
    for name in sections:
        section = section.model_fields[name].annotation
    return list(section.model_fields)

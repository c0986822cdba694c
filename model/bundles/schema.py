"""What bundle.json must look like. pydantic is imported with this file alone: whoever names a bundle needs none."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

_MAX_SIZE = 8_192  # of a head; those that ship have 256
_MAX_LAYERS = 256  # of an encoder

_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Size = Annotated[int, Field(ge=1, le=_MAX_SIZE)]
_Name = Annotated[str, Field(min_length=1, max_length=256)]  # pydantic takes no half characters


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Rule(_Part):
    label: _Name
    threshold: FiniteFloat = Field(ge=0, le=1)
    slope: FiniteFloat = Field(gt=0, le=1e6)
    intercept: FiniteFloat = Field(ge=-1e6, le=1e6)


class _Heads(_Part):
    tag_width: _Size
    salience_width: _Size
    salience_layers: int = Field(ge=1, le=64)
    salience_heads: int = Field(ge=1, le=256)

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.salience_width % self.salience_heads:
            raise ValueError(f"salience_width {self.salience_width} is no multiple of salience_heads")
        return self


class _Manifest(_Part):
    schema_: Literal[2] = Field(alias="schema")
    name: _Name
    rules: list[_Rule] = Field(min_length=1, max_length=10_000)
    encoder: _Name
    encoder_revision: _Name | None
    encoder_sha256: _Sha256
    max_tokens: int = Field(ge=3, le=65_536)
    heads: _Heads
    adapter_scale: FiniteFloat | None
    layers: list[Annotated[int, Field(ge=0, lt=_MAX_LAYERS)]] = Field([], max_length=_MAX_LAYERS)
    languages: list[_Name] = Field(["en"], min_length=1, max_length=200)
    report: dict[str, Any]  # Any: JSON, read by people
    digest: _Sha256
    activation: Literal["sigmoid"]
    files: dict[str, _Sha256]

    @model_validator(mode="after")
    def _names_each_label_once(self) -> Self:
        labels = [rule.label for rule in self.rules]
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            raise ValueError(f"label {twice!r} stands twice")
        return self


def find_fault(manifest: dict[str, Any], files: frozenset[str]) -> str | None:
    """What is wrong with the content of bundle.json, whose `files` must be these; none if nothing is."""
    try:
        checked = _Manifest.model_validate(manifest)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "bundle"
        return f"{place}: {first['msg'].removeprefix('Value error, ')}"
    if set(checked.files) != files:
        return f"files: expected a hash of each of {', '.join(sorted(files))}"
    return None

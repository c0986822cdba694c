"""What a request may hold. Sizes are bounded; unknown fields are errors."""

import re
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from copydesk.client.answers import Part, Unit
from copydesk.model.analysis import Options, Stories, SummaryOptions
from copydesk.service.answers import DEFAULT_PARTS
from copydesk.service.settings import MAX_DOCUMENTS

MAX_CHARACTERS = 4_000_000

_EXAMPLE = (
    "Ministers agreed on Monday to cut the duty on imported steel from 25 to 10 per cent. The deal ends a two-year "
    "dispute. Carmakers, who buy most of the metal, had lobbied for it. Shares in three mills fell."
)
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def _allow_half_pairs(value: object, check: ValidatorFunctionWrapHandler) -> object:
    """The string, also with half a surrogate pair: pydantic would refuse the request, the analyzer the document."""
    try:
        return check(value)
    except ValidationError:
        if not isinstance(value, str):
            raise
        check(_HALF_PAIR.sub("?", value))
        return value


_HalfPairs = WrapValidator(_allow_half_pairs)
LongText = Annotated[str, Field(max_length=MAX_CHARACTERS), _HalfPairs]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DocumentIn(_Schema):
    """One text, plain or as HTML."""

    id: Annotated[str, Field(max_length=256), _HalfPairs] | None = Field(
        None, description="Handed back with the result."
    )
    title: Annotated[str, Field(max_length=2_000), _HalfPairs] | None = Field(
        None, description="Read as one more sentence, never in the summary."
    )
    text: LongText | None = Field(None, description="The text, as it was found.")
    html: LongText | None = Field(None, description="A page's source, instead of `text`.")

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        if (self.text is None) == (self.html is None):
            raise ValueError("give exactly one of text and html")
        return self


class SummaryIn(_Schema):
    """How long the summary is: at most one of sentences, max_characters and ratio."""

    sentences: Annotated[int, Field(ge=1, le=100)] | None = None
    max_characters: Annotated[int, Field(ge=1, le=100_000)] | None = None
    ratio: Annotated[float, Field(gt=0, le=1, strict=False, allow_inf_nan=False)] | None = None
    order: Literal["text", "rank"] = "text"
    focus: str | None = Field(None, max_length=256, description="A label whose evidence is weighed in.")

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if sum(value is not None for value in (self.sentences, self.max_characters, self.ratio)) > 1:
            raise ValueError("give at most one of sentences, max_characters and ratio")
        return self


class AnalyzeRequest(_Schema):
    """Texts to analyse, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"documents": [{"id": "a1", "title": "Steel duty cut", "text": _EXAMPLE}], "summary": {"sentences": 1}}
            ]
        }
    )

    documents: list[DocumentIn] = Field(min_length=1, max_length=MAX_DOCUMENTS)
    stories: Stories = "split"
    summary: SummaryIn = SummaryIn()
    include: list[Part] = Field(sorted(DEFAULT_PARTS), max_length=7)
    offsets: Unit = "codepoints"

    def to_options(self) -> Options:
        """The same wishes for the analyzer."""
        return Options(self.stories, SummaryOptions(**self.summary.model_dump()))

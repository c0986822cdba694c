"""What an answer holds, as the JSON object of the contract: over HTTP, from bulk jobs and on the command line.

The types are its one description: mypy checks what the service builds against them, and OpenAPI shows them.
"""

from typing import Annotated, Literal, NotRequired, final

from pydantic import Field
from typing_extensions import TypedDict  # typing's is not enough for pydantic below Python 3.12

Unit = Literal["codepoints", "utf16", "utf8"]
Part = Literal["tags", "summary", "evidence", "sentences", "furniture", "text", "metadata"]

_Score = Annotated[float, Field(ge=0, le=1)]


class EvidenceOut(TypedDict):
    """A sentence that speaks for a label; a title that was given beside the text has no offsets."""

    start: int | None
    end: int | None
    text: str
    weight: Annotated[float, Field(description="Its share of the label's logit.")]


class TagOut(TypedDict):
    """One label's calibrated score."""

    label: str
    score: _Score
    assigned: bool
    threshold: float
    evidence: NotRequired[Annotated[list[EvidenceOut], Field(description="Strongest first; only of assigned labels.")]]


class SentenceOut(TypedDict):
    """A sentence verbatim: text[start:end] of the text as sent."""

    text: str
    start: int
    end: int
    score: _Score
    rank: Annotated[int, Field(ge=1, description="1 is the best of its list, in a summary by what `ranked_by` says.")]


class SummaryOut(TypedDict):
    """The chosen sentences; `note` says why there are fewer than asked for."""

    text: str
    sentences: list[SentenceOut]
    ranked_by: NotRequired[Annotated[str, Field(description="What ranks the sentences where their scores do not.")]]
    note: NotRequired[str]


class PlaceOut(TypedDict):
    """Where a story stands, from its headline to its last line."""

    start: int
    end: int
    title: str | None


class StoryPartsOut(TypedDict):
    """What is said of a story; `include` chooses the parts."""

    tags: NotRequired[list[TagOut]]
    summary: NotRequired[SummaryOut]
    sentences: NotRequired[list[SentenceOut]]


class OtherStoryOut(PlaceOut, StoryPartsOut):
    """A further story of the page."""


class FurnitureOut(TypedDict):
    """A part of the text that is not the body of a story."""

    start: int
    end: int
    kind: str


class PageOut(TypedDict):
    """What kind of page the text is."""

    kind: Literal["article", "stories", "listing", "live_blog", "not_an_article"]
    score: _Score


class LanguageOut(TypedDict):
    """The language of the main story."""

    code: Annotated[str, Field(description="ISO 639.")]
    score: _Score
    warning: NotRequired[Annotated[str, Field(description="Only where the model was made for other languages.")]]


class StatedOut(TypedDict):
    """What a page says of itself; without offsets where it does not stand in the text."""

    text: str
    start: int | None
    end: int | None


class MetadataOut(TypedDict):
    """What a page says of its main story."""

    title: StatedOut | None
    byline: StatedOut | None
    date: StatedOut | None
    outlet: StatedOut | None
    language: StatedOut | None


class CoverageOut(TypedDict):
    """How much was read: everything."""

    characters: int
    tokens: int
    windows: int
    truncated: bool


class DocumentOut(TypedDict):
    """Which document it is of, where that has an id."""

    id: NotRequired[str]


class PagePartsOut(TypedDict):
    """What is said of the page; `include` chooses the parts."""

    furniture: NotRequired[list[FurnitureOut]]
    text: NotRequired[str]
    metadata: NotRequired[MetadataOut]


@final
class ResultOut(DocumentOut, StoryPartsOut, PagePartsOut):
    """The analysis of one document; `include` chooses the parts."""

    story: PlaceOut
    other_stories: list[OtherStoryOut]
    page: PageOut
    language: Annotated[
        LanguageOut | None, Field(description="null where it is in doubt, or where nothing is installed that tells it.")
    ]
    coverage: CoverageOut


class ErrorOut(TypedDict):
    """Why a document has no analysis; clients can branch on the code."""

    code: str
    message: str


@final
class FailureOut(DocumentOut):
    """A document without an analysis."""

    error: ErrorOut


class ModelOut(TypedDict):
    """Which model answered."""

    name: str
    digest: str


class AnalyzeAnswer(TypedDict):
    """One result per document, in order."""

    model: ModelOut
    results: list[ResultOut | FailureOut]


class LabelOut(TypedDict):
    """A label: score = sigmoid(slope * logit + intercept), assigned where it reaches `threshold`."""

    label: str
    threshold: float
    slope: float
    intercept: float


class LimitsOut(TypedDict):
    """What one request may hold, and how long it may take."""

    max_documents: int
    max_body_bytes: int
    max_document_tokens: int
    request_timeout_s: float


class ModelDescription(ModelOut):
    """The model that answers."""

    labels: list[LabelOut]
    encoder: str
    device: str
    limits: LimitsOut
    metrics: Annotated[dict[str, object], Field(description="What was measured on the stories held out in training.")]

"""What an answer of /v1/analyze holds, for the API's description; `copydesk.service.answers` builds it."""

from pydantic import BaseModel, Field


class EvidenceOut(BaseModel):
    """A sentence that speaks for a label; a title has no offsets."""

    start: int | None
    end: int | None
    text: str
    weight: float = Field(description="Its share of the label's logit.")


class TagOut(BaseModel):
    """One label's calibrated score."""

    label: str
    score: float = Field(ge=0, le=1)
    assigned: bool
    threshold: float
    evidence: list[EvidenceOut] = Field(default=[], description="Strongest first; only of assigned labels.")


class SentenceOut(BaseModel):
    """A sentence verbatim: text[start:end] of the text as sent."""

    text: str
    start: int
    end: int
    score: float = Field(ge=0, le=1)
    rank: int = Field(ge=1)


class SummaryOut(BaseModel):
    """The chosen sentences; `note` says why there are fewer than asked for."""

    text: str
    sentences: list[SentenceOut]
    note: str = ""


class PlaceOut(BaseModel):
    """Where a story stands, from its headline to its last line."""

    start: int
    end: int
    title: str | None


class OtherStoryOut(PlaceOut):
    """A further story of the page."""

    tags: list[TagOut] = []
    summary: SummaryOut | None = None
    sentences: list[SentenceOut] = []


class FurnitureOut(BaseModel):
    """A part of the text that is not the body of a story."""

    start: int
    end: int
    kind: str


class CoverageOut(BaseModel):
    """How much was read: everything."""

    characters: int
    tokens: int
    windows: int
    truncated: bool


class ResultOut(BaseModel):
    """The analysis of one document; `include` chooses the parts."""

    id: str = ""
    tags: list[TagOut] = []
    summary: SummaryOut | None = None
    sentences: list[SentenceOut] = []
    story: PlaceOut
    other_stories: list[OtherStoryOut]
    furniture: list[FurnitureOut] = []
    text: str = ""
    coverage: CoverageOut


class ErrorOut(BaseModel):
    """Why a document has no analysis; clients can branch on the code."""

    code: str
    message: str


class FailureOut(BaseModel):
    """A document without an analysis."""

    id: str = ""
    error: ErrorOut


class ModelOut(BaseModel):
    """Which model answered."""

    name: str
    digest: str


class AnalyzeAnswer(BaseModel):
    """One result per document, in order."""

    model: ModelOut
    results: list[ResultOut | FailureOut]

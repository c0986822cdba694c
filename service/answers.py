"""An analysis as the JSON object of the contract: what HTTP, bulk jobs and the command line give.

The types are its one description: mypy checks what is built here against them, and OpenAPI shows them.
"""

from collections.abc import Collection
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # typing's is not enough for pydantic below Python 3.12

from copydesk.model.analysis import (
    Analysis,
    Evidence,
    Failure,
    Language,
    Metadata,
    Result,
    ScoredSentence,
    Stated,
    StoryAnalysis,
    Summary,
    Tag,
)
from copydesk.service.offsets import Convert, Unit, offset_converter

Part = Literal["tags", "summary", "evidence", "sentences", "furniture", "text", "metadata"]
DEFAULT_PARTS: frozenset[Part] = frozenset({"tags", "summary", "evidence", "furniture"})
HTML_PARTS: frozenset[Part] = DEFAULT_PARTS | {"text"}  # offsets point into the extracted text

_RANKED_BY = "score, less for long sentences, more for evidence of the focus"

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


class _Identified(TypedDict):
    id: NotRequired[str]


class _PagePartsOut(TypedDict):
    furniture: NotRequired[list[FurnitureOut]]
    text: NotRequired[str]
    metadata: NotRequired[MetadataOut]


class ResultOut(_Identified, StoryPartsOut, _PagePartsOut):
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


class FailureOut(_Identified):
    """A document without an analysis."""

    error: ErrorOut


def to_answer(
    result: Result, parts: Collection[Part] = DEFAULT_PARTS, unit: Unit = "codepoints"
) -> ResultOut | FailureOut:
    """One entry of `results`."""
    if isinstance(result, Failure):
        return {**_identity(result.id), "error": {"code": result.code, "message": result.message}}
    convert = offset_converter(result.text, unit)
    return {
        **_identity(result.id),
        **_story_parts(result.story, parts, convert),
        "story": _story_place(result.story, convert),
        "other_stories": [
            {**_story_place(story, convert), **_story_parts(story, parts, convert)} for story in result.other_stories
        ],
        **_page_parts(result, parts, convert),
        "page": {"kind": result.page.kind, "score": result.page.score},
        "language": None if result.language is None else _language(result.language),
        "coverage": _coverage(result),
    }


def _identity(document_id: str | None) -> _Identified:
    return {} if document_id is None else {"id": document_id}


def _story_place(story: StoryAnalysis, convert: Convert) -> PlaceOut:
    return {"start": convert(story.start), "end": convert(story.end), "title": story.title}


def _story_parts(story: StoryAnalysis, parts: Collection[Part], convert: Convert) -> StoryPartsOut:
    answer: StoryPartsOut = {}
    if "tags" in parts:
        answer["tags"] = [_tag(tag, parts, convert) for tag in story.tags]
    if "summary" in parts:
        answer["summary"] = _summary(story.summary, convert)
    if "sentences" in parts:
        answer["sentences"] = [_sentence(sentence, convert) for sentence in story.sentences]
    return answer


def _summary(summary: Summary, convert: Convert) -> SummaryOut:
    answer: SummaryOut = {
        "text": summary.text,
        "sentences": [_sentence(sentence, convert) for sentence in summary.sentences],
    }
    scores = [sentence.score for sentence in sorted(summary.sentences, key=lambda sentence: sentence.rank)]
    if scores != sorted(scores, reverse=True):
        answer["ranked_by"] = _RANKED_BY
    if summary.note:
        answer["note"] = summary.note
    return answer


def _page_parts(result: Analysis, parts: Collection[Part], convert: Convert) -> _PagePartsOut:
    answer: _PagePartsOut = {}
    if "furniture" in parts:
        answer["furniture"] = [
            {"start": convert(f.start), "end": convert(f.end), "kind": f.kind} for f in result.furniture
        ]
    if "text" in parts:
        answer["text"] = result.text
    if "metadata" in parts:
        answer["metadata"] = _metadata(result.metadata, convert)
    return answer


def _language(language: Language) -> LanguageOut:
    answer: LanguageOut = {"code": language.code, "score": language.score}
    if language.warning:
        answer["warning"] = language.warning
    return answer


def _metadata(metadata: Metadata, convert: Convert) -> MetadataOut:
    return {
        "title": _stated(metadata.title, convert),
        "byline": _stated(metadata.byline, convert),
        "date": _stated(metadata.date, convert),
        "outlet": _stated(metadata.outlet, convert),
        "language": _stated(metadata.language, convert),
    }


def _stated(stated: Stated | None, convert: Convert) -> StatedOut | None:
    if stated is None:
        return None
    start, end = (None if at is None else convert(at) for at in stated.span or (None, None))
    return {"text": stated.text, "start": start, "end": end}


def _tag(tag: Tag, parts: Collection[Part], convert: Convert) -> TagOut:
    answer: TagOut = {"label": tag.label, "score": tag.score, "assigned": tag.assigned, "threshold": tag.threshold}
    if "evidence" in parts:
        answer["evidence"] = [_evidence(evidence, convert) for evidence in tag.evidence]
    return answer


def _evidence(evidence: Evidence, convert: Convert) -> EvidenceOut:
    start, end = (None if at is None else convert(at) for at in (evidence.start, evidence.end))
    return {"start": start, "end": end, "text": evidence.text, "weight": evidence.weight}


def _sentence(sentence: ScoredSentence, convert: Convert) -> SentenceOut:
    return {
        "text": sentence.text,
        "start": convert(sentence.start),
        "end": convert(sentence.end),
        "score": sentence.score,
        "rank": sentence.rank,
    }


def _coverage(analysis: Analysis) -> CoverageOut:
    coverage = analysis.coverage
    return {
        "characters": coverage.characters,
        "tokens": coverage.tokens,
        "windows": coverage.windows,
        "truncated": coverage.truncated,
    }

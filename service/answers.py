"""An analysis as the JSON object of the contract: what HTTP, bulk jobs and the command line give."""

from collections.abc import Collection

from copydesk.client.answers import (
    CoverageOut,
    DocumentOut,
    EvidenceOut,
    FailureOut,
    LanguageOut,
    MetadataOut,
    PagePartsOut,
    Part,
    PlaceOut,
    ResultOut,
    SentenceOut,
    StatedOut,
    StoryPartsOut,
    SummaryOut,
    TagOut,
    Unit,
)
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
from copydesk.service.offsets import Convert, offset_converter

DEFAULT_PARTS: frozenset[Part] = frozenset({"tags", "summary", "evidence", "furniture"})
HTML_PARTS: frozenset[Part] = DEFAULT_PARTS | {"text"}  # offsets point into the extracted text

_RANKED_BY = "score, less for long sentences, more for evidence of the focus"


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


def _identity(document_id: str | None) -> DocumentOut:
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


def _page_parts(result: Analysis, parts: Collection[Part], convert: Convert) -> PagePartsOut:
    answer: PagePartsOut = {}
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

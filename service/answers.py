"""An analysis as the JSON object of the contract: one place for HTTP, bulk jobs and the command line."""

from collections.abc import Collection
from typing import Any, Literal

from copydesk.model.analysis import Analysis, Evidence, Failure, Result, ScoredSentence, StoryAnalysis, Tag
from copydesk.service.offsets import Convert, Unit, offset_converter

Json = dict[str, Any]  # Any: JSON
Part = Literal["tags", "summary", "evidence", "sentences", "furniture", "text"]
DEFAULT_PARTS: frozenset[Part] = frozenset({"tags", "summary", "evidence", "furniture"})
HTML_PARTS: frozenset[Part] = DEFAULT_PARTS | {"text"}  # offsets point into the extracted text


def to_answer(result: Result, parts: Collection[Part] = DEFAULT_PARTS, unit: Unit = "codepoints") -> Json:
    """One entry of `results`."""
    if isinstance(result, Failure):
        return _identity(result.id) | {"error": {"code": result.code, "message": result.message}}
    convert = offset_converter(result.text, unit)
    answer = _identity(result.id) | _story_parts(result.story, parts, convert)
    answer["story"] = _story_place(result.story, convert)
    answer["other_stories"] = [
        _story_place(story, convert) | _story_parts(story, parts, convert) for story in result.other_stories
    ]
    if "furniture" in parts:
        answer["furniture"] = [
            {"start": convert(f.start), "end": convert(f.end), "kind": f.kind} for f in result.furniture
        ]
    if "text" in parts:
        answer["text"] = result.text
    answer["coverage"] = _coverage(result)
    return answer


def _identity(document_id: str | None) -> Json:
    return {} if document_id is None else {"id": document_id}


def _story_place(story: StoryAnalysis, convert: Convert) -> Json:
    return {"start": convert(story.start), "end": convert(story.end), "title": story.title}


def _story_parts(story: StoryAnalysis, parts: Collection[Part], convert: Convert) -> Json:
    answer: Json = {}
    if "tags" in parts:
        answer["tags"] = [_tag(tag, parts, convert) for tag in story.tags]
    if "summary" in parts:
        sentences = [_sentence(sentence, convert) for sentence in story.summary.sentences]
        answer["summary"] = {"text": story.summary.text, "sentences": sentences}
        if story.summary.note:
            answer["summary"]["note"] = story.summary.note
    if "sentences" in parts:
        answer["sentences"] = [_sentence(sentence, convert) for sentence in story.sentences]
    return answer


def _tag(tag: Tag, parts: Collection[Part], convert: Convert) -> Json:
    answer: Json = {"label": tag.label, "score": tag.score, "assigned": tag.assigned, "threshold": tag.threshold}
    if "evidence" in parts:
        answer["evidence"] = [_evidence(evidence, convert) for evidence in tag.evidence]
    return answer


def _evidence(evidence: Evidence, convert: Convert) -> Json:
    start, end = (None if at is None else convert(at) for at in (evidence.start, evidence.end))
    return {"start": start, "end": end, "text": evidence.text, "weight": evidence.weight}


def _sentence(sentence: ScoredSentence, convert: Convert) -> Json:
    return {
        "text": sentence.text,
        "start": convert(sentence.start),
        "end": convert(sentence.end),
        "score": sentence.score,
        "rank": sentence.rank,
    }


def _coverage(analysis: Analysis) -> Json:
    coverage = analysis.coverage
    return {
        "characters": coverage.characters,
        "tokens": coverage.tokens,
        "windows": coverage.windows,
        "truncated": coverage.truncated,
    }

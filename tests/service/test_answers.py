from typing import cast

import pytest
from pydantic import TypeAdapter

from copydesk.client.answers import FailureOut, Part, ResultOut
from copydesk.model.analysis import (
    Analysis,
    Coverage,
    Evidence,
    Failure,
    Furniture,
    Language,
    Metadata,
    PageKind,
    Result,
    ScoredSentence,
    Span,
    Stated,
    StoryAnalysis,
    Summary,
    Tag,
)
from copydesk.service.answers import to_answer

TEXT = "😀 Rain fell. It was cold."
SENTENCES = (ScoredSentence("😀 Rain fell.", 0, 12, 0.5, 1), ScoredSentence("It was cold.", 13, 25, 0.25, 2))
TAGS = (Tag("rain", 0.75, True, 0.5, (Evidence(None, None, "Title", 2.0), Evidence(0, 12, "😀 Rain fell.", 1.0))),)


def make_analysis(*summary: ScoredSentence, document_id: str | None = "a") -> Analysis:
    story = StoryAnalysis(0, 25, "Title", TAGS, Summary("😀 Rain fell.", summary, "a note"), SENTENCES)
    return Analysis(
        document_id,
        TEXT,
        story,
        (story,),
        (Furniture(13, 25, "other"),),
        Coverage(25, 9, 1),
        PageKind("stories", 0.75),
        Language("de", 0.5, "the model was made for en"),
        Metadata(title=Stated("Title"), byline=Stated("It", Span(13, 15))),
    )


def test_an_answer_is_what_its_types_say() -> None:
    """Nothing checks the types while it runs: here each part must be there, and validation would drop any other."""
    parts: tuple[Part, ...] = ("tags", "summary", "evidence", "sentences", "furniture", "text", "metadata")
    schema: TypeAdapter[ResultOut | FailureOut] = TypeAdapter(ResultOut | FailureOut)
    results: list[Result] = [
        make_analysis(*SENTENCES),
        make_analysis(*SENTENCES, document_id=None),
        Failure("a", "empty_text", "empty"),
    ]
    for n in range(len(parts) + 1):
        for result in results:
            answer = to_answer(result, parts[:n])
            assert schema.validate_python(answer, strict=True) == answer


def test_every_part_is_in_the_answer_and_in_its_place() -> None:
    parts: tuple[Part, ...] = ("tags", "summary", "evidence", "furniture", "text", "metadata")
    answer = to_answer(make_analysis(*SENTENCES[:1]), parts, "utf16")
    sentence = {"text": "😀 Rain fell.", "start": 0, "end": 13, "score": 0.5, "rank": 1}
    evidence = [
        {"start": None, "end": None, "text": "Title", "weight": 2.0},
        {"start": 0, "end": 13, "text": "😀 Rain fell.", "weight": 1.0},
    ]
    of_story = {
        "tags": [{"label": "rain", "score": 0.75, "assigned": True, "threshold": 0.5, "evidence": evidence}],
        "summary": {"text": "😀 Rain fell.", "sentences": [sentence], "note": "a note"},
    }
    place = {"start": 0, "end": 26, "title": "Title"}
    assert answer == {
        "id": "a",
        **of_story,
        "story": place,
        "other_stories": [{**place, **of_story}],
        "furniture": [{"start": 14, "end": 26, "kind": "other"}],
        "text": TEXT,
        "metadata": {
            "title": {"text": "Title", "start": None, "end": None},
            "byline": {"text": "It", "start": 14, "end": 16},
            "date": None,
            "outlet": None,
            "language": None,
        },
        "page": {"kind": "stories", "score": 0.75},
        "language": {"code": "de", "score": 0.5, "warning": "the model was made for en"},
        "coverage": {"characters": 25, "tokens": 9, "windows": 1, "truncated": False},
    }


@pytest.mark.parametrize(
    ("scores_by_rank", "is_said"), [((0.9, 0.5), False), ((0.5, 0.5), False), ((0.5, 0.9), True), ((0.9,), False)]
)
def test_ranks_that_scores_contradict_say_what_ranks(scores_by_rank: tuple[float, ...], is_said: bool) -> None:
    summary = [ScoredSentence("It was cold.", 13, 25, score, rank) for rank, score in enumerate(scores_by_rank, 1)]
    for sentences in (summary, summary[::-1]):  # in either order of the text
        answer = cast(ResultOut, to_answer(make_analysis(*sentences)))
        assert ("ranked_by" in answer["summary"]) == is_said

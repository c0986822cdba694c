"""What goes in and what comes out: frozen dataclasses, no behaviour.

Offsets are code points into the text as sent, half open: `text[start:end]`.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

Stories = Literal["split", "whole"]


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """One text to analyse, with the title and id the user gave it, if any.

    With `html`, a page's source, its main text is found and takes the place of `text`.
    """

    text: str
    title: str | None = None
    id: str | None = None
    html: str | None = None


@dataclass(frozen=True)
class SummaryOptions:
    """How long a summary is and how its sentences are ordered.

    At most one of `sentences`, `max_characters` and `ratio` (of the story's sentences) applies; without any, three
    sentences. `focus` names a label whose evidence is weighed in.
    """

    sentences: int | None = None
    max_characters: int | None = None
    ratio: float | None = None
    order: Literal["text", "rank"] = "text"
    focus: str | None = None


@dataclass(frozen=True)
class Options:
    """What to do with a document: tell its stories apart or not, how to sum it up, and whose evidence to name."""

    stories: Stories = "split"
    summary: SummaryOptions = field(default_factory=SummaryOptions)
    evidence: Literal["assigned", "every"] = "assigned"


@dataclass(frozen=True)
class Evidence:
    """A sentence that speaks for a label; `weight` is its share of the logit. A title that was given
    beside the text has no offsets."""

    start: int | None
    end: int | None
    text: str
    weight: float


@dataclass(frozen=True)
class Tag:
    """One label's calibrated score; assigned when the score reaches the label's threshold."""

    label: str
    score: float
    assigned: bool
    threshold: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class ScoredSentence:
    """A sentence verbatim, with its salience in [0, 1]; rank 1 is the most salient of its list.

    furniture, dangling: how likely it is no part of the story, or cannot stand without the sentence before it.
    """

    text: str
    start: int
    end: int
    score: float
    rank: int
    furniture: float = 0.0
    dangling: float = 0.0


@dataclass(frozen=True)
class Summary:
    """The chosen sentences; `note` says why there are fewer than asked for, if so."""

    text: str
    sentences: tuple[ScoredSentence, ...]
    note: str | None = None


@dataclass(frozen=True)
class StoryAnalysis:
    """One story of the text: where it stands, its tags, its summary and every sentence of it.

    vector: the mean of its sentences' vectors, of length 1; like stories have like ones.
    """

    start: int
    end: int
    title: str | None
    tags: tuple[Tag, ...]
    summary: Summary
    sentences: tuple[ScoredSentence, ...]
    vector: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Furniture:
    """A part of the text that is not the body of a story."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class PageKind:
    """What kind of page the text is, and how sure that is, from 0 to 1.

    `not_an_article` is a form, an error, a wall or a video's stub.
    """

    kind: Literal["article", "stories", "listing", "live_blog", "not_an_article"]
    score: float


ARTICLE = PageKind("article", 1.0)


@dataclass(frozen=True)
class Language:
    """The language of the main story, by its ISO 639 code, and how sure that is; `warning` says what comes of it where
    the model was made for others."""

    code: str
    score: float
    warning: str | None = None


@dataclass(frozen=True)
class Stated:
    """Something that a page says of itself, and where in the text, if it stands there."""

    text: str
    span: Span | None = None


@dataclass(frozen=True)
class Metadata:
    """What a page says of its main story: none where it says nothing. `language` is a code of the markup's."""

    title: Stated | None = None
    byline: Stated | None = None
    date: Stated | None = None
    outlet: Stated | None = None
    language: Stated | None = None


@dataclass(frozen=True)
class Coverage:
    """How much was read: characters of the text, tokens and windows of its stories; `unknown` of the tokens stand for
    what the model's vocabulary lacks."""

    characters: int
    tokens: int
    windows: int
    unknown: int = 0
    truncated: ClassVar[bool] = False  # nothing ever is


@dataclass(frozen=True)
class Analysis:
    """The answer for one document; `story` is the main one. `text` is what all offsets point into.

    language: none where it is in doubt, or nothing here can tell it.
    """

    id: str | None
    text: str
    story: StoryAnalysis
    other_stories: tuple[StoryAnalysis, ...]
    furniture: tuple[Furniture, ...]
    coverage: Coverage
    page: PageKind = ARTICLE
    language: Language | None = None
    metadata: Metadata = Metadata()


@dataclass(frozen=True)
class Failure:
    """Why one document has no analysis."""

    id: str | None
    code: str
    message: str


Result = Analysis | Failure

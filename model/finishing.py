"""What the network says of a document, made into its answer: tags, summary, and where they stand in the text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import Analysis, Coverage, Furniture, Language, Options, StoryAnalysis
from copydesk.model.bundles.manifest import ENGLISH
from copydesk.model.errors import DocumentError
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.sizes import SentenceScore
from copydesk.model.output.choice import Candidate
from copydesk.model.output.summary import rank_sentences, summarise
from copydesk.model.output.tags import LabelRule, make_tags, sigmoid
from copydesk.model.page.furniture.asides import find_asides
from copydesk.model.page.furniture.notices import find_kind
from copydesk.model.preparing import Prepared, PreparedStory

_FOCUS_WEIGHT = 4.0  # logits of salience that the focus label's strongest sentence gains
# All by cross-validation on 801 articles that editors have read. What the oracle's logits weigh beside those of
# salience: 0.6 gains 0.003 of credit, and 0.3 ROUGE-1 on DailyMail.
_ORACLE_WEIGHT = 0.6
_HIDDEN = 0.5  # probability of furniture from which a sentence is not shown
_LISTED = 0.95  # and from which it is listed as such; at 0.9 scraped pages lose a third more
# Share of a story that may be hidden. Of 801 articles 0.56 at most is furniture; where the network says more, the text
# is of a language or kind that it does not know: two thirds of the sentences of real pages in Russian.
_MOST_HIDDEN = 0.6
_LEANS = 0.35  # probability of dangling; without it 0.051 of the chosen dangle, with it 0.038, for the same credit

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Finished:
    """A story's answer, and what of its sentences is furniture."""

    story: StoryAnalysis
    furniture: tuple[Furniture, ...]


def finish(
    prepared: Prepared,
    scores: Sequence[StoryScores],
    rules: Sequence[LabelRule],
    options: Options,
    languages: Sequence[str] = ENGLISH,
) -> Analysis:
    """The answer for a document. languages: those that the model was made for, by their codes.

    Raises DocumentError when the network gave a score that is not a number.
    """
    finished = [_finish_story(*pair, rules, options) for pair in zip(prepared.stories, scores, strict=True)]
    furniture = [*prepared.furniture, *(piece for one in finished for piece in one.furniture)]
    return Analysis(
        id=prepared.document.id,
        text=prepared.document.text,
        story=finished[0].story,
        other_stories=tuple(one.story for one in finished[1:]),
        furniture=tuple(sorted(furniture, key=lambda piece: piece.start)),
        coverage=Coverage(
            characters=len(prepared.document.text),
            tokens=prepared.n_tokens,
            windows=sum(len(tokens.windows) for tokens in prepared.tokens),
            unknown=prepared.n_unknown,
        ),
        page=prepared.page,
        language=prepared.language and _warn(prepared.language, languages),
        metadata=prepared.metadata,
    )


def _warn(language: Language, languages: Sequence[str]) -> Language:
    """The language, with a warning where the model was made for others."""
    if language.code in languages:
        return language
    return replace(language, warning=f"the model was made for {', '.join(languages)}: scores may be wrong")


def _finish_story(
    prepared: PreparedStory, scores: StoryScores, rules: Sequence[LabelRule], options: Options
) -> _Finished:
    logits, contributions, sentences = scores.logits, scores.contributions, scores.sentences
    if not (np.isfinite(logits).all() and np.isfinite(sentences).all()):
        raise DocumentError("non_finite", "the model gave a score that is not a number; report this text's shape")
    furniture = _furniture(prepared, sentences)
    gain = _focus_gain(contributions, [rule.label for rule in rules], options.summary.focus)
    candidates = _candidates(prepared, scores, furniture, gain)
    listed = [candidate.furniture >= _LISTED for candidate in candidates]
    kept = [candidate for candidate, is_listed in zip(candidates, listed, strict=True) if not is_listed]
    shown = np.where(furniture[:, None] < _HIDDEN, contributions, 0.0)
    story = StoryAnalysis(
        start=prepared.story.span.start,
        end=prepared.story.span.end,
        title=prepared.story.title,
        tags=make_tags(
            rules,
            logits.tolist(),
            shown.tolist(),
            prepared.passages,
            is_all_explained=options.evidence == "every",
        ),
        summary=summarise(kept, options.summary),
        sentences=tuple(rank_sentences(kept)),
        vector=_direction(scores.vectors),
    )
    aside = (candidate for candidate, is_listed in zip(candidates, listed, strict=True) if is_listed)
    return _Finished(story, tuple(Furniture(*one.span, find_kind(one.text) or "other") for one in aside))


def _furniture(prepared: PreparedStory, sentences: Floats) -> Floats:
    """How likely each passage is furniture: a title never is, nor is most of a text."""
    probability = _probability(sentences[:, SentenceScore.FURNITURE])
    is_title = np.array([passage.is_title for passage in prepared.passages])
    is_hidden = probability[~is_title] >= _HIDDEN
    if is_hidden.sum() > _MOST_HIDDEN * len(is_hidden):
        return np.zeros_like(probability)
    return np.where(is_title, np.float32(0), probability)


def _candidates(prepared: PreparedStory, scores: StoryScores, furniture: Floats, gain: Floats) -> list[Candidate]:
    """The story's sentences, its title left out."""
    sentences, vectors = scores.sentences, scores.vectors
    salience = sentences[:, SentenceScore.SALIENCE] + _ORACLE_WEIGHT * sentences[:, SentenceScore.ORACLE]
    dangling = _probability(sentences[:, SentenceScore.DANGLING])
    asides = find_asides([passage.text for passage in prepared.passages])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.maximum(lengths, 1e-9)
    return [
        Candidate(
            passage.text,
            passage.span,
            score=sigmoid(float(salience[i])),
            key=float(salience[i] + gain[i]),
            furniture=float(furniture[i]),
            dangling=float(dangling[i]),
            is_furniture=bool(furniture[i] >= _HIDDEN) or asides[i],
            leans=bool(dangling[i] >= _LEANS),
            vector=directions[i],
        )
        for i, passage in enumerate(prepared.passages)
        if passage.span is not None and not passage.is_title
    ]


def _probability(logits: Floats) -> Floats:
    """Of each logit; without overflow."""
    probability: Floats = (0.5 * (1 + np.tanh(0.5 * logits))).astype(np.float32)
    return probability


def _focus_gain(contributions: Floats, labels: Sequence[str], focus: str | None) -> Floats:
    """What the focus adds to each sentence's salience logit, in proportion to its evidence for the label."""
    if focus is None:
        return np.zeros(len(contributions), np.float32)
    weights = np.maximum(contributions[:, labels.index(focus)], 0.0)
    gain: Floats = (_FOCUS_WEIGHT * weights / (weights.max() or 1.0)).astype(np.float32)
    return gain


def _direction(vectors: Floats) -> tuple[float, ...]:
    """The mean of the sentences' vectors, at length 1. vectors: [sentences, width]."""
    mean = vectors.sum(axis=0) / max(1, len(vectors))
    return tuple((mean / (np.linalg.norm(mean) or 1.0)).tolist())

"""What the network says of a document, made into its answer: tags, summary, and where they stand in the text."""

import math
from collections.abc import Sequence
from dataclasses import replace

from copydesk.model.analysis import Analysis, Coverage, Language, Options, StoryAnalysis
from copydesk.model.bundles.manifest import ENGLISH
from copydesk.model.errors import DocumentError
from copydesk.model.network.engine import StoryScores
from copydesk.model.output.summary import Candidate, rank_sentences, summarise
from copydesk.model.output.tags import LabelRule, make_tags, sigmoid
from copydesk.model.page.furniture.asides import find_asides
from copydesk.model.preparing import Prepared, PreparedStory

_FOCUS_WEIGHT = 4.0  # logits of salience that the focus label's strongest sentence gains


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
    stories = [_finish_story(*pair, rules, options) for pair in zip(prepared.stories, scores, strict=True)]
    return Analysis(
        id=prepared.document.id,
        text=prepared.document.text,
        story=stories[0],
        other_stories=tuple(stories[1:]),
        furniture=prepared.furniture,
        coverage=Coverage(
            characters=len(prepared.document.text),
            tokens=prepared.n_tokens,
            windows=sum(len(tokens.windows) for tokens in prepared.tokens),
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
) -> StoryAnalysis:
    logits, contributions = scores.logits.tolist(), scores.contributions.tolist()
    salience = scores.salience.tolist()
    if not all(map(math.isfinite, [*logits, *salience])):
        raise DocumentError("non_finite", "the model gave a score that is not a number; report this text's shape")
    bonus = _focus_bonus(contributions, [rule.label for rule in rules], options.summary.focus)
    asides = find_asides([passage.text for passage in prepared.passages])
    candidates = [
        Candidate(passage.text, passage.span, sigmoid(logit), logit + gain, is_aside)
        for passage, logit, gain, is_aside in zip(prepared.passages, salience, bonus, asides, strict=True)
        if passage.span is not None and not passage.is_title
    ]
    return StoryAnalysis(
        start=prepared.story.span.start,
        end=prepared.story.span.end,
        title=prepared.story.title,
        tags=make_tags(rules, logits, contributions, prepared.passages),
        summary=summarise(candidates, options.summary),
        sentences=tuple(rank_sentences(candidates)),
    )


def _focus_bonus(contributions: Sequence[Sequence[float]], labels: Sequence[str], focus: str | None) -> list[float]:
    """What the focus adds to each sentence's salience logit, in proportion to its evidence for the label."""
    if focus is None:
        return [0.0] * len(contributions)
    weights = [max(0.0, row[labels.index(focus)]) for row in contributions]
    return [_FOCUS_WEIGHT * weight / (max(weights) or 1.0) for weight in weights]

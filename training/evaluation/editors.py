"""Measuring a bundle's summaries by what editors would print, beside the lead, TextRank and the editors themselves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from copydesk.model.analysis import Analysis, Document, Options, ScoredSentence, Span, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.editors import EditedStory
from copydesk.training.evaluation.extracts import N_SENTENCES, choose_lead, choose_textrank
from copydesk.training.evaluation.systems import LEAD, OURS, SystemScores, compare_with_lead, count_positions
from copydesk.training.metrics.credit import FIGURES, find_sentence, find_sentences, judge_editors, judge_summary
from copydesk.training.metrics.quality import Floats, average_precision

EDITORS = "editors"
# What a sentence's scores say of it, by the mark of an EditorsChoice that they stand for.
_SCORES: Mapping[str, Callable[[ScoredSentence], float]] = {
    "key": attrgetter("score"),
    "furniture": attrgetter("furniture"),
    "dangling": attrgetter("dangling"),
}


@dataclass(frozen=True)
class ServedStory:
    """The numbered sentences that stand in the summary, and the scores of all by mark, [sentences].

    A score is NaN where no story of the text holds the sentence, as with furniture.
    """

    chosen: list[int]
    scores: dict[str, Floats]


@dataclass(frozen=True)
class MarkQuality:
    """How well a score ranks the sentences that every editor marks before those that none does.

    share: of the former among both, which is the average precision of chance.
    """

    average_precision: float | None
    share: float
    n_sentences: int


@dataclass(frozen=True)
class EditorsReport:
    """FIGURES per system, and where in the article its sentences stand, as in a SummaryReport.

    Of the editors each is judged by the others, on the articles that several have read.
    n_without: articles without a summary, which count as one that earns nothing. marks: quality of the scores.
    """

    n_articles: int
    n_without: int
    systems: dict[str, SystemScores]
    positions: dict[str, list[int]]
    marks: dict[str, MarkQuality]


def measure_editors(analyzer: Analyzer, stories: Sequence[EditedStory], progress: Progress = SILENT) -> EditorsReport:
    """Measure the summaries as they are served, three sentences from each article."""
    n_stories = len(stories)
    served = list(progress.track(serve_stories(analyzer, stories), n_stories, "summaries", "articles"))
    texts = ([story.text[start:end] for start, end in story.spans] for story in stories)
    ranked = list(progress.track(map(choose_textrank, texts), n_stories, "TextRank", "articles"))
    ours = [one.chosen for one in served]
    chosen = {"TextRank": ranked, LEAD: [choose_lead(story.spans) for story in stories], OURS: ours}
    return EditorsReport(
        n_articles=n_stories,
        n_without=sum(not sentences for sentences in ours),
        systems=_compare({name: judge_all(stories, sentences) for name, sentences in chosen.items()}, stories),
        positions={name: count_positions(sentences) for name, sentences in chosen.items()}
        | {EDITORS: count_positions(choice.key for story in stories for choice in story.choices)},
        marks={mark: _measure_mark(mark, stories, served) for mark in _SCORES},
    )


def serve_stories(analyzer: Analyzer, stories: Sequence[EditedStory]) -> Iterator[ServedStory]:
    """Each story as the service answers; without a sentence where it is not analysed."""
    options = Options(summary=SummaryOptions(sentences=N_SENTENCES))
    documents = (Document(story.text, story.title, story.id) for story in stories)
    for story, result in zip(stories, analyzer.analyze_many(documents, options), strict=True):
        found = result if isinstance(result, Analysis) else None
        summary = found.story.summary.sentences if found else ()
        sentences = [s for part in (found.story, *found.other_stories) for s in part.sentences] if found else []
        spans = [Span(sentence.start, sentence.end) for sentence in summary]
        yield ServedStory(find_sentences(spans, story.spans), _score_sentences(sentences, story.spans))


def judge_all(stories: Sequence[EditedStory], chosen: Sequence[Sequence[int]]) -> Floats:
    """What each story's editors say of the chosen sentences, [stories, FIGURES]."""
    return np.stack([judge_summary(one, story.choices) for story, one in zip(stories, chosen, strict=True)])


def _score_sentences(sentences: Sequence[ScoredSentence], numbered: Sequence[Span]) -> dict[str, Floats]:
    """By mark the score of each numbered sentence; of several that lie in one the highest."""
    scores = {mark: np.full(len(numbered), np.nan) for mark in _SCORES}
    for sentence in sentences:
        index = find_sentence(Span(sentence.start, sentence.end), numbered)
        if index is not None:
            for mark, score in _SCORES.items():
                scores[mark][index] = np.fmax(scores[mark][index], score(sentence))
    return scores


def _compare(tables: dict[str, Floats], stories: Sequence[EditedStory]) -> dict[str, SystemScores]:
    """Every system by rising credit, the editors last."""
    lead = tables[LEAD]
    order = sorted(tables, key=lambda name: float(tables[name][:, 0].mean()))
    systems = {name: compare_with_lead(tables[name], None if name == LEAD else lead, FIGURES) for name in order}
    shared = [i for i, story in enumerate(stories) if len(story.choices) > 1]
    if shared:
        editors = np.stack([judge_editors(stories[i].choices) for i in shared])
        systems[EDITORS] = compare_with_lead(editors, lead[shared], FIGURES)
    return systems


def _measure_mark(mark: str, stories: Sequence[EditedStory], served: Sequence[ServedStory]) -> MarkQuality:
    """Over the sentences that have a score and on which the editors agree."""
    marked = [
        np.mean([[i in getattr(choice, mark) for i in range(len(story.spans))] for choice in story.choices], axis=0)
        for story in stories
    ]
    targets, scores = np.concatenate(marked), np.concatenate([one.scores[mark] for one in served])
    known = np.isfinite(scores) & ((targets == 0) | (targets == 1))
    targets, scores = targets[known], scores[known]
    share = float(targets.mean()) if len(targets) else 0.0
    return MarkQuality(average_precision(targets, scores), share, len(targets))

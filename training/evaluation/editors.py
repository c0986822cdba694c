"""Measuring a bundle's summaries by what editors would print, beside the lead, TextRank and the editors themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.model.analysis import Analysis, Document, Options, Span, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.editors import EditedStory
from copydesk.training.evaluation.extracts import N_SENTENCES, choose_lead, choose_textrank
from copydesk.training.evaluation.systems import LEAD, OURS, SystemScores, compare_with_lead, count_positions
from copydesk.training.metrics.credit import FIGURES, find_sentences, judge_editors, judge_summary
from copydesk.training.metrics.quality import Floats

EDITORS = "editors"


@dataclass(frozen=True)
class EditorsReport:
    """FIGURES per system, and where in the article its sentences stand, as in a SummaryReport.

    Of the editors each is judged by the others, on the articles that several have read.
    n_without: articles without a summary, which count as one that earns nothing.
    """

    n_articles: int
    n_without: int
    systems: dict[str, SystemScores]
    positions: dict[str, list[int]]


def measure_editors(analyzer: Analyzer, stories: Sequence[EditedStory], progress: Progress = SILENT) -> EditorsReport:
    """Measure the summaries as they are served, three sentences from each article."""
    n_stories = len(stories)
    ours = list(progress.track(choose_served(analyzer, stories), n_stories, "summaries", "articles"))
    texts = ([story.text[start:end] for start, end in story.spans] for story in stories)
    ranked = list(progress.track(map(choose_textrank, texts), n_stories, "TextRank", "articles"))
    chosen = {"TextRank": ranked, LEAD: [choose_lead(story.spans) for story in stories], OURS: ours}
    return EditorsReport(
        n_articles=n_stories,
        n_without=sum(not sentences for sentences in ours),
        systems=_compare({name: judge_all(stories, sentences) for name, sentences in chosen.items()}, stories),
        positions={name: count_positions(sentences) for name, sentences in chosen.items()}
        | {EDITORS: count_positions(choice.key for story in stories for choice in story.choices)},
    )


def choose_served(analyzer: Analyzer, stories: Sequence[EditedStory]) -> Iterator[list[int]]:
    """Per story the indices of the sentences that stand in its summary as the service gives it; none without one."""
    options = Options(summary=SummaryOptions(sentences=N_SENTENCES))
    documents = (Document(story.text, story.title, story.id) for story in stories)
    for story, result in zip(stories, analyzer.analyze_many(documents, options), strict=True):
        sentences = result.story.summary.sentences if isinstance(result, Analysis) else ()
        yield find_sentences([Span(sentence.start, sentence.end) for sentence in sentences], story.spans)


def judge_all(stories: Sequence[EditedStory], chosen: Sequence[Sequence[int]]) -> Floats:
    """What each story's editors say of the chosen sentences, [stories, FIGURES]."""
    return np.stack([judge_summary(one, story.choices) for story, one in zip(stories, chosen, strict=True)])


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

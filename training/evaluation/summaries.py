"""Measuring a bundle's summaries: ROUGE beside other systems, by source and length, and where the sentences stand."""

import math
import multiprocessing
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.model.analysis import Analysis, Document, Options, SummaryOptions
from copydesk.model.page.sentences import split_sentences
from copydesk.training.evaluation.extracts import N_SENTENCES, choose_extracts
from copydesk.training.evaluation.slices import length_slice, slice_by_length
from copydesk.training.evaluation.systems import LEAD, OURS, SystemScores, compare_with_lead, count_positions
from copydesk.training.metrics.rouge import KINDS, score_summaries

if TYPE_CHECKING:  # the processes that score articles need no torch
    from copydesk.model.analyzer import Analyzer

_PER_PROCESS = 32  # articles that are worth a process's start
_CHUNK = 8


@dataclass(frozen=True)
class Article:
    """An article, its reference summary and the spans [start, end) that our summary took from it."""

    source: str
    text: str
    reference: str
    ours: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ArticleScores:
    """ROUGE F1 in per cent, per system in the order of KINDS, and which sentences each system chose."""

    source: str
    length: str
    n_sentences: int
    rouge: dict[str, tuple[float, ...]]
    chosen: dict[str, list[int]]


@dataclass(frozen=True)
class SummaryReport:
    """Scores per group of articles ("all", each source, each length) and system, and the chosen sentences' places.

    positions: per system, how many of the chosen sentences were the article's first, second, ..., LATER or later.
    """

    n_articles: dict[str, int]
    groups: dict[str, dict[str, SystemScores]]
    positions: dict[str, list[int]]
    n_left_out: int


def summarise_articles(analyzer: "Analyzer", data: Any) -> Iterator[Article | None]:  # Any: datasets has no types
    """Each article with the sentences we choose; none where it cannot be analysed or has no reference."""
    options = Options("whole", SummaryOptions(sentences=N_SENTENCES))
    results = analyzer.analyze_many((Document(text) for text in data["article"]), options)
    for row, result in zip(data, results, strict=True):
        if not isinstance(result, Analysis) or not row["highlights"].strip():
            yield None
            continue
        spans = tuple((sentence.start, sentence.end) for sentence in result.story.summary.sentences)
        yield Article(row.get("source") or "all", row["article"], row["highlights"], spans)


def score_articles(articles: Sequence[Article]) -> Iterator[ArticleScores]:
    """Each article's scores, computed in processes."""
    n_processes = min(os.cpu_count() or 1, math.ceil(len(articles) / _PER_PROCESS))
    if n_processes <= 1:
        yield from map(score_article, articles)
        return
    context = multiprocessing.get_context("spawn")  # a fork of a process with torch's threads can hang
    with ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        yield from pool.map(score_article, articles, chunksize=_CHUNK)


def score_article(article: Article) -> ArticleScores:
    """Ours beside the other systems, all on the sentences of `split_sentences`."""
    spans = split_sentences(article.text)
    sentences = [article.text[start:end] for start, end in spans]
    chosen = choose_extracts(sentences, article.reference)
    texts = {name: [sentences[i] for i in indices] for name, indices in chosen.items()}
    texts[OURS] = [article.text[start:end] for start, end in article.ours]
    chosen[OURS] = [bisect_right(spans, start, key=lambda span: span.start) - 1 for start, _ in article.ours]
    scores = score_summaries(list(texts.values()), [article.reference] * len(texts))
    rouge = {name: tuple(map(float, row)) for name, row in zip(texts, scores, strict=True)}
    return ArticleScores(article.source, length_slice(article.text), len(spans), rouge, chosen)


def summarise_scores(scores: Sequence[ArticleScores], texts: Iterable[str], n_left_out: int) -> SummaryReport:
    """The report on articles whose texts are `texts`."""
    groups = {"all": list(range(len(scores)))}
    sources = sorted({score.source for score in scores})
    if len(sources) > 1:
        groups |= {source: [i for i, s in enumerate(scores) if s.source == source] for source in sources}
    groups |= slice_by_length(texts)
    return SummaryReport(
        n_articles={name: len(members) for name, members in groups.items()},
        groups={name: _compare([scores[i] for i in members]) for name, members in groups.items()},
        positions={name: count_positions(score.chosen[name] for score in scores) for name in scores[0].chosen},
        n_left_out=n_left_out,
    )


def _compare(scores: Sequence[ArticleScores]) -> dict[str, SystemScores]:
    tables = {name: np.array([score.rouge[name] for score in scores], np.float64) for name in scores[0].rouge}
    order = sorted(tables, key=lambda name: float(tables[name].mean()))
    return {name: compare_with_lead(tables[name], None if name == LEAD else tables[LEAD], KINDS) for name in order}

"""Whether a second look, at what the network makes of a page's sentences, would mend lines and borders in doubt.

The network's pass is paid for anyway, so its furniture logits and sentence vectors are to be had. Lines in doubt of
real pages that nothing was learned from are judged anew by a logistic regression, across folds of pages. And for
borders: whether vectors tell the halves of one article from two articles, on anything or on one topic.
"""

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.bench import Bench, Report, find_data
from benchmarks.quality.composed_pages import Row
from benchmarks.quality.page_folds import leave_out, reading_with
from benchmarks.quality.styled_pages import read_pool
from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.sizes import SentenceScore
from copydesk.model.page.lines import split_lines
from copydesk.model.page.roles.roles import read_roles
from copydesk.training.line_roles.learning import is_left_out
from copydesk.training.line_roles.real import is_in

_N_COMPOSED = 1500
_IN_DOUBT = 0.02  # probability of either
_SURE = 0.9
_N_PAIRS = 300
_MIN_HALF = 4  # sentences
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Doubt:
    """A line in doubt: its log odds and length, the network's furniture logit, how near its vector is to the story's
    and to the nearest sure line's; and whether it is body."""

    features: tuple[float, ...]
    is_body: bool


_LOOKS = {"the reader alone": slice(0, 2), "and the network's furniture": slice(0, 3), "and vectors": slice(0, 5)}


def main(bench: Bench) -> Report:
    """A row per judge of lines, then figures of pairs of stories."""
    report = Report()
    analyzer = Analyzer.load(bench.bundle, "cpu")
    _judge_lines(report, bench, analyzer)
    _judge_pairs(report, bench, analyzer)
    return report


def _judge_lines(report: Report, bench: Bench, analyzer: Analyzer) -> None:
    with gzip.open(find_data("pages-dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        pages: list[Row] = [json.loads(line) for line in file]
    doubts = list[list[_Doubt]]()
    for fold in range(bench.pick(5, 1)):
        sources = leave_out(fold)
        with reading_with(sources, bench.pick(_N_COMPOSED, 20)):
            doubts += [_find_doubts(page, analyzer) for at, page in enumerate(pages) if is_left_out(at, sources)]
    features = np.array([one.features for page in doubts for one in page])
    is_body = np.array([one.is_body for page in doubts for one in page])
    pages_of = np.repeat(np.arange(len(doubts)), [len(page) for page in doubts])
    report.start_table("lines in doubt, by page left out", "log loss", "AUC")
    for name, seen in _LOOKS.items():
        model = make_pipeline(StandardScaler(), LogisticRegression())
        folds = GroupKFold(min(5, len(doubts)))
        found = cross_val_predict(model, features[:, seen], is_body, groups=pages_of, cv=folds, method="predict_proba")
        report.add_row(name, log_loss(is_body, found), roc_auc_score(is_body, found[:, 1]))


def _find_doubts(page: Row, analyzer: Analyzer) -> list[_Doubt]:
    lines = split_lines(page["page_text"])
    body = read_roles(lines, {}).probabilities[:, 0]
    told = [i for i, share in enumerate(body) if share >= _IN_DOUBT]
    if not told:
        return []
    vectors, furniture = _read_lines([lines[i].text for i in told], analyzer)
    sure = body[told] >= _SURE
    to_sure = np.where(sure, vectors @ vectors.T - 2 * np.eye(len(told)), -1.0).max(axis=1)
    to_story = vectors @ _direction(vectors[sure].sum(axis=0))
    odds = np.log(body[told] / np.maximum(1 - body[told], 1e-6))
    widths = np.log([len(lines[i].text) for i in told])
    features = np.stack([odds, widths, furniture, to_story, to_sure], axis=1)
    is_body = is_in(lines, page["body"])[told]
    in_doubt = np.flatnonzero(body[told] <= 1 - _IN_DOUBT)
    return [_Doubt(tuple(features[at].tolist()), bool(is_body[at])) for at in in_doubt]


def _read_lines(lines: Sequence[str], analyzer: Analyzer) -> tuple[Floats, Floats]:
    """Each line's direction [lines, width] and furniture logit [lines], the means of its sentences'."""
    vectors, logits, starts = _read("\n".join(lines), analyzer)
    line_of = np.searchsorted(np.cumsum([0] + [len(line) + 1 for line in lines]), starts, side="right") - 1
    own = [line_of == i for i in range(len(lines))]
    return np.stack([_direction(vectors[mine].sum(axis=0)) for mine in own]), np.array([logits[m].mean() for m in own])


def _read(text: str, analyzer: Analyzer) -> tuple[Floats, Floats, list[int]]:
    """Directions, furniture logits and starts of a text's sentences."""
    prepared = analyzer.prepare(Document(text), Options("whole"))
    ((scores,),) = analyzer.forward([prepared])
    starts = [passage.span.start for passage in prepared.stories[0].passages if passage.span]
    lengths = np.linalg.norm(scores.vectors, axis=1, keepdims=True)
    return scores.vectors / np.maximum(lengths, 1e-9), scores.sentences[:, SentenceScore.FURNITURE], starts


def _direction(vector: Floats) -> Floats:
    direction: Floats = vector / (np.linalg.norm(vector) or 1.0)
    return direction


def _judge_pairs(report: Report, bench: Bench, analyzer: Analyzer) -> None:
    articles = read_pool(bench.pick(2500, 60))
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(row["text"] for row in articles)
    r, pairs = random.Random(1), list[tuple[float, float, float]]()
    while len(pairs) < bench.pick(_N_PAIRS, 10):
        one, other = r.sample(range(len(articles)), 2)
        near = (words[one] @ words.T).toarray()[0].argsort()[-3]  # the last is itself, the one before often its twin
        own, another, alike = (_read(articles[i]["text"], analyzer)[0] for i in (one, other, int(near)))
        half = len(own) // 2
        if half >= _MIN_HALF and min(len(another), len(alike)) >= _MIN_HALF:
            pairs.append((_tell_apart(own[:half], own[half:]), _tell_apart(own, another), _tell_apart(own, alike)))
    halves, others, likes = np.array(pairs).T
    is_two = np.repeat([0, 1], len(pairs))
    report.add("halves of one article from two articles: AUC", roc_auc_score(is_two, np.append(halves, others)))
    report.add("and from two on one topic: AUC", roc_auc_score(is_two, np.append(halves, likes)))


def _tell_apart(one: Floats, other: Floats) -> float:
    """The share of sentences that are nearer to their own story's other sentences than to the other story's."""
    hits = 0
    for own, far in ((one, other), (other, one)):
        near = own.sum(axis=0) - own
        near /= np.maximum(np.linalg.norm(near, axis=1, keepdims=True), 1e-9)
        hits += int(((own * near).sum(axis=1) > own @ _direction(far.sum(axis=0))).sum())
    return hits / (len(one) + len(other))

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from copydesk.model.analysis import Document, Options, Span, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.service.answers import to_answer
from copydesk.training.data.editors import EditedStory, EditorsChoice, read_editors
from copydesk.training.evaluation.editors import EDITORS, MarkQuality, measure_editors, serve_stories
from copydesk.training.evaluation.systems import LEAD, OURS

SENTENCES = ("Ministers cut the duty.", "Police found heroin in a lorry.", "It will rain on Sunday in the north.")
TEXT = " ".join(SENTENCES)
SPANS = tuple(Span(TEXT.index(sentence), TEXT.index(sentence) + len(sentence)) for sentence in SENTENCES)
ANN = EditorsChoice((0,), frozenset({1}), frozenset(), frozenset())
BEN = EditorsChoice((0, 1), frozenset(), frozenset({2}), frozenset({0}))


def story(*choices: EditorsChoice, id: str = "a", text: str = TEXT) -> EditedStory:
    return EditedStory(id, "Duty cut", text, SPANS, choices)


def test_the_served_summary_is_found_among_the_numbered_sentences(analyzer: Analyzer) -> None:
    (served,) = serve_stories(analyzer, [story(ANN)])
    assert served.chosen == [0, 1, 2]
    analysis = analyzer.analyze(Document(TEXT, "Duty cut"))
    assert served.scores["key"].tolist() == [sentence.score for sentence in analysis.story.sentences]


def test_scores_are_measured_where_editors_agree(analyzer: Analyzer) -> None:
    """Both print the first sentence and not the last; of the second they differ."""
    first, _, last = analyzer.analyze(Document(TEXT, "Duty cut")).story.sentences
    is_right = first.score > last.score
    marks = measure_editors(analyzer, [story(ANN, BEN)]).marks
    assert set(marks) == {"key", "furniture", "dangling"}
    assert marks["key"] == MarkQuality(1.0 if is_right else 0.5, share=0.5, n_sentences=2)


def test_a_sentence_that_stands_in_no_story_has_no_score(analyzer: Analyzer) -> None:
    (served,) = serve_stories(analyzer, [story(ANN, text=" " * len(TEXT))])
    assert np.isnan(served.scores["key"]).tolist() == [True, True, True]


def test_systems_stand_by_rising_credit_and_the_editors_last(analyzer: Analyzer) -> None:
    """Of three sentences every system takes all: 1.5 credits of Ann, 2 of Ben."""
    report = measure_editors(analyzer, [story(ANN, BEN), story(ANN, id="b")])
    assert list(report.systems) == ["TextRank", LEAD, OURS, EDITORS]
    ours = report.systems[OURS]
    assert ours.mean["credit"] == pytest.approx((3.5 / 6 + 1.5 / 3) / 2)
    assert ours.mean["furniture"] == pytest.approx((1 / 3 + 0) / 2)
    assert ours.mean["dangling"] == pytest.approx((1 / 3 + 0) / 2)
    assert ours.over_lead is not None
    assert (ours.over_lead["credit"].mean, report.systems[LEAD].over_lead) == (0, None)
    assert report.positions[LEAD][:4] == [2, 2, 2, 0]


def test_editors_are_judged_where_several_have_read_an_article(analyzer: Analyzer) -> None:
    report = measure_editors(analyzer, [story(ANN, BEN), story(ANN, id="b")])
    assert report.systems[EDITORS].mean["credit"] == pytest.approx((1 + 0.75) / 2)
    assert report.positions[EDITORS][:2] == [3, 1]
    assert EDITORS not in measure_editors(analyzer, [story(ANN)]).systems


def test_an_article_without_a_summary_earns_nothing(analyzer: Analyzer) -> None:
    report = measure_editors(analyzer, [story(ANN), story(ANN, id="b", text=" " * len(TEXT))])
    assert (report.n_articles, report.n_without) == (2, 1)
    assert report.systems[OURS].mean["credit"] == pytest.approx(1.5 / 3 / 2)


def test_credit_is_that_of_the_editors_own_scorer(default_analyzer: Analyzer, shared: Path, tmp_path: Path) -> None:
    gold, answers = shared / "editors-dev.jsonl", tmp_path / "answers.jsonl"
    stories = read_editors(gold)
    documents = [Document(story.text, story.title, story.id) for story in stories]
    results = default_analyzer.analyze_many(documents, Options(summary=SummaryOptions(sentences=3)))
    answers.write_text("".join(json.dumps(to_answer(result)) + "\n" for result in results))
    scorer = shared.parent / "tools" / "editor_score.py"
    said = subprocess.run([sys.executable, scorer, gold, answers], check=True, capture_output=True, text=True).stdout
    rows = {line.split(" credit ")[0].strip(): re.findall(r"[a-z] +(\d\.\d{3})", line) for line in said.splitlines()}
    report = measure_editors(default_analyzer, stories)
    for name, theirs in ((OURS, "copydesk"), (LEAD, "lead-3"), (EDITORS, "other editor")):
        assert [f"{value:.3f}" for value in report.systems[name].mean.values()] == rows[theirs]
    gain = report.systems[OURS].over_lead
    assert gain is not None
    assert f"over lead-3 {gain['credit'].mean:+.3f} " in said

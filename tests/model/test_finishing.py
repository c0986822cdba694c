from dataclasses import replace

import numpy as np

from copydesk.model.analysis import Analysis, Document, Options, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.model.finishing import finish
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.sizes import SentenceScore

SENTENCES = [
    "Ministers agreed to cut the duty on steel.",
    "The talks in the port took three days.",
    "Ann Brown shot the pictures for the Herald.",
    "Police found heroin in a lorry full of tiles.",
    "Nobody in the town was hurt that day.",
]
LIKELY, SURE = 0.5, 4.0  # logits of furniture: a probability of 0.62, and of 0.98


def finish_with(analyzer: Analyzer, furniture: dict[int, float], title: str | None = None) -> Analysis:
    """The answer where each sentence is less salient than the one before it and speaks for the first label."""
    options = Options("whole", SummaryOptions(sentences=2))
    prepared = analyzer.prepare(Document(" ".join(SENTENCES), title), options)
    n = len(prepared.stories[0].passages)
    sentences = np.full((n, len(SentenceScore)), -4.0, np.float32)
    sentences[:, SentenceScore.SALIENCE] = -np.arange(n)
    for index, logit in furniture.items():
        sentences[index, SentenceScore.FURNITURE] = logit
    contributions = np.zeros((n, 4), np.float32)
    contributions[:, 0] = 1.0
    scores = StoryScores(contributions, np.full(4, 3.0, np.float32), sentences, np.eye(n, 8, dtype=np.float32))
    return finish(prepared, [scores], [replace(rule, threshold=0.5) for rule in analyzer.bundle.rules], options)


def test_what_is_surely_furniture_leaves_the_story_and_is_listed(analyzer: Analyzer) -> None:
    analysis = finish_with(analyzer, {0: SURE})
    assert [analysis.text[f.start : f.end] for f in analysis.furniture] == SENTENCES[:1]
    assert [sentence.text for sentence in analysis.story.sentences] == SENTENCES[1:]
    assert [sentence.text for sentence in analysis.story.summary.sentences] == SENTENCES[1:3]


def test_what_is_probably_furniture_stays_but_is_not_shown(analyzer: Analyzer) -> None:
    analysis = finish_with(analyzer, {0: LIKELY})
    assert analysis.furniture == ()
    assert [sentence.text for sentence in analysis.story.sentences] == SENTENCES
    assert [sentence.text for sentence in analysis.story.summary.sentences] == SENTENCES[1:3]
    evidence = {piece.text for piece in analysis.story.tags[0].evidence}
    assert len(evidence) == 3
    assert SENTENCES[0] not in evidence


def test_a_text_that_seems_nothing_but_furniture_is_summed_up_all_the_same(analyzer: Analyzer) -> None:
    analysis = finish_with(analyzer, dict.fromkeys(range(5), LIKELY) | {4: SURE})
    assert analysis.furniture == ()
    assert [sentence.text for sentence in analysis.story.sentences] == SENTENCES
    assert [sentence.text for sentence in analysis.story.summary.sentences] == SENTENCES[:2]


def test_a_text_of_which_most_seems_furniture_is_one_that_the_network_does_not_know(analyzer: Analyzer) -> None:
    most = finish_with(analyzer, dict.fromkeys(range(4), SURE))
    assert most.furniture == ()
    assert [sentence.text for sentence in most.story.sentences] == SENTENCES
    many = finish_with(analyzer, dict.fromkeys(range(3), SURE))
    assert [many.text[piece.start : piece.end] for piece in many.furniture] == SENTENCES[:3]


def test_a_title_is_never_furniture(analyzer: Analyzer) -> None:
    analysis = finish_with(analyzer, {0: SURE}, title="Steel duty cut")
    assert analysis.furniture == ()
    assert "Steel duty cut" in {piece.text for piece in analysis.story.tags[0].evidence}

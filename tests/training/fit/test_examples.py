import numpy as np

from copydesk.model.analysis import Document, Options, Span
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoder.files import find_encoder, load_tokenizer
from copydesk.model.network.sizes import SentenceScore
from copydesk.training.data.editors import EditedStory
from copydesk.training.data.stories import LabelledStory
from copydesk.training.fit.examples import UNKNOWN, ExampleMaker
from copydesk.training.metrics.credit import EditorsChoice
from support.tiny import LABELS, STORY, TINY_ENCODER


def maker(max_windows: int = 100) -> ExampleMaker:
    tokenizer = load_tokenizer(find_encoder(str(TINY_ENCODER)))
    return ExampleMaker(LABELS, tokenizer, max_tokens=32, max_windows=max_windows)


def test_training_reads_a_story_as_serving_does(analyzer: Analyzer) -> None:
    for title in (None, "Steel duty cut in Taipei talks"):
        example = maker().story(LabelledStory(STORY * 5, frozenset(), title=title))
        (served,) = analyzer.prepare(Document(STORY * 5, title), Options("whole")).tokens
        assert np.array_equal(example.tokens.token_ids, served.token_ids)
        assert np.array_equal(example.tokens.sentence_of, served.sentence_of)
        assert example.tokens.windows == served.windows
        assert np.array_equal(example.tokens.begins_line, served.begins_line)
        assert (example.tokens.n_sentences, example.tokens.has_title) == (served.n_sentences, served.has_title)


def test_an_example_ends_with_its_last_window() -> None:
    sentences = ["The army won the match."] * 20
    whole = maker().article(sentences, [0, 19], is_key=True)
    cut = maker(max_windows=2).article(sentences, [0, 19], is_key=True)
    assert cut.tokens.windows == whole.tokens.windows[:2]
    assert len(cut.tokens.token_ids) == whole.tokens.windows[1].end
    assert cut.tokens.n_sentences == len(cut.sentences) < 20
    assert [example.sentences[:, SentenceScore.ORACLE].sum() for example in (whole, cut)] == [2, 1]


def test_an_article_without_an_editor_teaches_no_furniture() -> None:
    sentences = maker().article(["The army won the match."] * 3, [1], is_key=False).sentences
    assert sentences[:, SentenceScore.ORACLE].tolist() == [0, 1, 0]
    others = [SentenceScore.SALIENCE, SentenceScore.FURNITURE, SentenceScore.DANGLING]
    assert (sentences[:, others] == UNKNOWN).all()


def test_what_two_editors_say_is_averaged_and_the_title_left_unknown() -> None:
    text = "Photo by Ann. The army won. It had rained."
    spans = (Span(0, 13), Span(14, 27), Span(28, 42))
    choices = (
        EditorsChoice((1,), frozenset({2}), frozenset({0}), frozenset({2})),
        EditorsChoice((1, 2), frozenset(), frozenset({0}), frozenset()),
    )
    story = EditedStory("a", "A title", text, spans, choices, frozenset({"trade"}), frozenset({"taiwan"}))
    example = maker().edited(story)
    assert example.sentences[0].tolist() == [UNKNOWN] * len(SentenceScore)
    assert example.sentences[1:].tolist() == [[0, 1, 0, UNKNOWN], [1, 0, 0, UNKNOWN], [0.75, 0, 0.5, UNKNOWN]]
    assert example.labels.tolist() == [1, 0, UNKNOWN, 0]
    assert maker().edited(story, is_bare=True).tokens.has_title is False

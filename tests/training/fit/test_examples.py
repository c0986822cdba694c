import numpy as np
from tokenizers import Tokenizer

from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoder_files import find_encoder, load_tokenizer
from copydesk.training.data.stories import LabelledStory
from copydesk.training.fit.examples import article_example, story_example
from support.tiny import LABELS, STORY, TINY_ENCODER

SIZES = {"max_tokens": 32, "max_windows": 100}


def load() -> Tokenizer:
    return load_tokenizer(find_encoder(str(TINY_ENCODER)))


def test_training_reads_a_story_as_serving_does(analyzer: Analyzer) -> None:
    for title in (None, "Steel duty cut in Taipei talks"):
        example = story_example(LabelledStory(STORY * 5, frozenset(), title=title), LABELS, load(), **SIZES)
        (served,) = analyzer.prepare(Document(STORY * 5, title), Options("whole")).tokens
        assert np.array_equal(example.tokens.token_ids, served.token_ids)
        assert np.array_equal(example.tokens.sentence_of, served.sentence_of)
        assert example.tokens.windows == served.windows
        assert (example.tokens.n_sentences, example.tokens.has_title) == (served.n_sentences, served.has_title)


def test_an_example_ends_with_its_last_window() -> None:
    sentences = ["The army won the match."] * 20
    whole = article_example(sentences, [0, 19], 2, load(), **SIZES)
    cut = article_example(sentences, [0, 19], 2, load(), **SIZES | {"max_windows": 2})
    assert cut.tokens.windows == whole.tokens.windows[:2]
    assert len(cut.tokens.token_ids) == whole.tokens.windows[1].end
    assert cut.tokens.n_sentences == len(cut.salience) < 20
    assert (whole.salience.sum(), cut.salience.sum()) == (2, 1)

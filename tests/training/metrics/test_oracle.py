from copydesk.training.metrics.oracle import choose_oracle


def test_the_oracle_takes_the_sentences_that_cover_the_reference() -> None:
    sentences = ["It rained.", "The duty on steel was cut.", "Nobody came.", "Mills closed in the north."]
    assert choose_oracle(sentences, "The duty on steel was cut and mills closed in the north.") == [1, 3]


def test_the_oracle_scores_as_rouge_score_does() -> None:
    from rouge_score.rouge_scorer import RougeScorer

    from copydesk.training.metrics.oracle import tokenize

    text = "Ministers' negotiations ended; nobody's tariffs were cutting U.S. steel-makers' costs by 25%."
    assert tokenize(text) == list(RougeScorer(["rouge1"], use_stemmer=True)._tokenizer.tokenize(text))

from copydesk.training.evaluation.extracts import choose_centroid, choose_extracts, choose_textrank

SENTENCES = [
    "The weather hurt.",
    "Ministers agreed to cut the steel duty.",
    "The steel duty had hurt ministers.",
    "Ministers called the cut steel duty fair.",
    "A dog was hurt.",
]


def test_textrank_and_centroid_find_the_sentences_that_share_words() -> None:
    assert choose_textrank(SENTENCES) == [1, 2, 3]
    assert choose_centroid(SENTENCES) == [1, 2, 3]


def test_systems_agree_on_a_text_without_words() -> None:
    assert choose_extracts(["***"], "A reference.") == {"lead-3": [0], "centroid": [0], "TextRank": [0], "oracle": []}


def test_only_the_oracle_looks_at_the_reference() -> None:
    first, second = (choose_extracts(SENTENCES, reference) for reference in ("A dog was hurt.", "The weather."))
    assert {name for name in first if first[name] != second[name]} == {"oracle"}

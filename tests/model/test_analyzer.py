from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from copydesk.model.analysis import Analysis, Document, Evidence, Failure, Options, Span, Summary, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import DocumentError
from copydesk.model.network.windows import batch_windows
from copydesk.model.output.tags import LabelRule, Passage, make_tags
from support.tiny import LABELS, STORY


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_sentence_is_verbatim_at_its_offsets(analyzer: Analyzer, text: str) -> None:
    (result,) = analyzer.analyze_many([Document(text)])
    if isinstance(result, Failure):
        assert result.code in {"empty_text", "no_letters", "not_an_article", "unreadable"}
        return
    for sentence in (*result.story.summary.sentences, *result.story.sentences):
        assert text[sentence.start : sentence.end] == sentence.text
    for tag in result.story.tags:
        assert 0 <= tag.score <= 1
        assert all(e.start is None or text[e.start : e.end] == e.text for e in tag.evidence)


def test_tags_summary_and_evidence_come_from_one_encoder_pass(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    encoder = analyzer.engine._network.encoder
    original = encoder.forward

    def counted(ids: Tensor, mask: Tensor) -> Tensor:
        rows.append(len(ids))
        return original(ids, mask)

    monkeypatch.setattr(encoder, "forward", counted)
    results = [r for r in analyzer.analyze_many([Document(STORY), Document(STORY * 20)]) if isinstance(r, Analysis)]
    assert sum(rows) == sum(result.coverage.windows for result in results)


def test_batch_neighbours_change_nothing(analyzer: Analyzer) -> None:
    alone = analyzer.analyze(STORY)
    crowd = [Document(STORY * n) for n in (3, 1, 40)]
    _, together, _ = analyzer.analyze_many(crowd)
    assert isinstance(together, Analysis)
    assert [s.text for s in together.story.summary.sentences] == [s.text for s in alone.story.summary.sentences]
    for one, other in zip(alone.story.tags, together.story.tags, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-3)  # bf16 products may round by the batch's shape


def test_many_texts_may_come_as_strings(analyzer: Analyzer) -> None:
    other = f"{STORY} The goal fell in the rain."
    assert list(analyzer.analyze_many([STORY, other])) == list(
        analyzer.analyze_many([Document(STORY), Document(other)])
    )
    with pytest.raises(TypeError, match="call analyze, or put it in a list"):
        analyzer.analyze_many(STORY)


def test_a_6000_word_text_is_read_to_its_last_sentence(analyzer: Analyzer) -> None:
    sentences = [f"The army of unit {i} said talks on steel went on in the rain." for i in range(460)]
    text = " ".join(sentences)
    assert len(text.split()) > 6000
    analysis = analyzer.analyze(text)
    assert analysis.story.sentences[-1].text == sentences[-1]
    assert len(analysis.story.sentences) == len(sentences)
    prepared = analyzer.prepare(Document(text), Options())
    batches = batch_windows(prepared.tokens, analyzer.engine._special, budget=2048)
    assert sum(int((b.sentence_of >= 0).sum()) for b in batches) == analysis.coverage.tokens
    assert not analysis.coverage.truncated


def test_a_title_is_read_but_never_in_the_summary(analyzer: Analyzer) -> None:
    with_title = analyzer.analyze(Document(STORY, title="Steel duty cut in Taipei talks"))
    without = analyzer.analyze(STORY)
    assert with_title.coverage.tokens > without.coverage.tokens
    assert with_title.story.tags != without.story.tags
    assert all(s.start >= 0 and "Steel duty cut" not in s.text for s in with_title.story.sentences)


def test_a_focus_pulls_in_the_evidence_of_its_label(analyzer: Analyzer) -> None:
    for label in LABELS:
        analysis = analyzer.analyze(Document(STORY), Options(summary=SummaryOptions(sentences=1, focus=label)))
        assert len(analysis.story.summary.sentences) == 1
    with pytest.raises(DocumentError, match="'sport' is not among the labels trade, security, taiwan, drugs"):
        analyzer.analyze(Document(STORY), Options(summary=SummaryOptions(focus="sport")))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_text"),
        (" \n\t ", "empty_text"),
        ("1234 5678.", "no_letters"),
        ("a\0b", "invalid_character"),
        ("a \ud800 b", "invalid_character"),
        ("x" * 1_000_000, "unreadable"),
        ("Go. " * 100_000, "too_long"),
    ],
)
def test_what_cannot_be_analysed_has_a_code_and_spares_its_neighbours(analyzer: Analyzer, text: str, code: str) -> None:
    bad, good = analyzer.analyze_many([Document(text, id="bad"), Document(STORY)])
    assert isinstance(bad, Failure)
    assert (bad.id, bad.code) == ("bad", code)
    assert isinstance(good, Analysis)


def test_the_longest_document_is_what_the_analyzer_was_loaded_for(tiny_bundle: Path, analyzer: Analyzer) -> None:
    n_tokens = analyzer.prepare(Document(STORY), Options()).n_tokens
    enough, few = (Analyzer.load(tiny_bundle, analyzer.device, limit) for limit in (n_tokens, n_tokens - 1))
    assert enough.analyze(STORY).coverage.tokens == n_tokens
    with pytest.raises(DocumentError, match=f"has {n_tokens} tokens, the limit is {n_tokens - 1}; send it in parts"):
        few.analyze(STORY)


@pytest.mark.parametrize("n", [0, 65_535, 65_536, 200_000])
def test_one_letter_is_found_however_late_it_comes(analyzer: Analyzer, n: int) -> None:
    for character in "AZazé中":
        (result,) = analyzer.analyze_many([Document("7" * n + character)])
        assert not isinstance(result, Failure) or result.code != "no_letters"
    (none,) = analyzer.analyze_many([Document("7" * n + "7_@[`{٣")])
    assert isinstance(none, Failure)
    assert none.code == "no_letters"


def test_a_character_that_may_not_be_there_is_named_at_its_place(analyzer: Analyzer) -> None:
    (result,) = analyzer.analyze_many([Document("a" * 70_000 + "\0")])
    assert isinstance(result, Failure)
    assert result.message == "text holds U+0000 at character 70000; send clean Unicode without NUL"


def test_a_score_that_is_no_number_is_an_error_of_its_document(analyzer: Analyzer) -> None:
    prepared = analyzer.prepare(Document(STORY), Options())
    ((scores,),) = analyzer.forward([prepared])
    broken = replace(scores, logits=scores.logits * float("nan"))
    with pytest.raises(DocumentError, match="not a number"):
        analyzer.finish(prepared, [broken], Options())


def test_a_story_has_a_vector_of_length_one_that_like_stories_share(analyzer: Analyzer) -> None:
    one, same, other = (
        analyzer.analyze(text).story.vector for text in (STORY, STORY + " ", "The team won the match. A goal fell.")
    )
    assert len(one) == 32  # the width of the tiny encoder
    assert np.linalg.norm(one) == pytest.approx(1)
    assert np.dot(one, same) == pytest.approx(1)
    assert np.dot(one, other) < 0.99


def test_the_evidence_of_every_label_is_named_on_request() -> None:
    passages = [Passage("Duty falls.", Span(0, 11)), Passage("It rains.", Span(12, 21))]
    rules, logits, contributions = [LabelRule("trade")], [-2.0], [[0.5], [-1.0]]
    (kept,) = make_tags(rules, logits, contributions, passages)
    (explained,) = make_tags(rules, logits, contributions, passages, is_all_explained=True)
    assert kept.evidence == ()
    assert explained == replace(kept, evidence=(Evidence(0, 11, "Duty falls.", 0.5),))


def test_what_is_no_article_is_refused_unless_it_is_read_whole(analyzer: Analyzer) -> None:
    text = f"Log in to continue reading\nForgot your password?\n{STORY.split()[0]}"
    (failure,) = analyzer.analyze_many([text])
    assert isinstance(failure, Failure)
    assert failure.code == "not_an_article"
    assert analyzer.analyze(text, Options(stories="whole")).page.kind == "not_an_article"


def test_headlines_of_a_listing_have_tags_and_no_sentences(analyzer: Analyzer) -> None:
    heads = [f"{STORY.split('.')[0].title()} again {word}" for word in ("today", "here", "soon", "twice", "once")]
    analysis = analyzer.analyze("\n".join(heads))
    assert analysis.page.kind == "listing"
    assert [story.title for story in (analysis.story, *analysis.other_stories)] == heads
    assert [tag.label for tag in analysis.other_stories[-1].tags] == list(LABELS)
    assert analysis.story.summary == Summary("", (), "a headline alone: there is no text to sum up")


def test_a_language_that_the_model_was_not_made_for_has_a_warning(analyzer: Analyzer) -> None:
    pytest.importorskip("py3langid")
    german = "Der Rat stimmte am Montag dafür, einen zweiten Kran zu bezahlen, und der Hafenmeister dankte ihm dafür."
    language = analyzer.analyze(f"{german} {german} {STORY.split()[0]}.").language
    assert language is not None
    assert language.code == "de"
    assert language.warning == "the model was made for en: scores may be wrong"

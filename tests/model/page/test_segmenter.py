import json
from itertools import accumulate

import pytest
import sentencex

from copydesk.model.page import segmenter
from copydesk.model.page.segmenter import find_starts, narrow_spaces
from copydesk.model.page.sentences import split_sentences
from support.tiny import ROOT


@pytest.fixture(scope="module")
def stories() -> list[str]:
    """The corpus, a line per story."""
    files = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "training" / "corpus").glob("*.jsonl"))]
    return [" ".join(json.loads(line)["text"].split()) for file in files for line in file.strip().split("\n")]


def starts_in_one_piece(line: str) -> list[int]:
    return list(accumulate(map(len, sentencex.segment("en", line))))[:-1]


def test_windows_find_the_starts_of_the_whole_line(stories: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter, "_WINDOW", 2000)
    long = [story for story in stories if len(story) > 2000]
    assert len(long) > 200
    assert [find_starts(story) for story in long] == [starts_in_one_piece(story) for story in long]


def test_a_line_of_a_million_characters_is_cut_as_its_stories_are(stories: list[str]) -> None:
    plain = [story for story in stories if not set(story) & set("\"'“‘’") and story.endswith(".")] * 80
    offsets = list(accumulate((len(story) + 1 for story in plain), initial=0))
    expected = [at + start for at, story in zip(offsets, plain, strict=False) for start in [0, *find_starts(story)]]
    line = " ".join(plain)
    assert len(line) > 1_000_000
    assert [0, *find_starts(line)] == expected


def test_sentences_longer_than_every_window_stay_whole() -> None:
    for n in range(1740, 2010):  # the sentence ends at every place near the end of a window
        line = "word " * n + "ends. It rained " + "word " * 5000 + "ends. They left."
        assert find_starts(line) == [5 * n + len("ends. "), len(line) - len("They left.")]


def test_spaces_beyond_ascii_do_not_make_sentencex_panic(capfd: pytest.CaptureFixture[str]) -> None:
    text = "It was A\u2003. He left.\u202fShe stayed. It was Z\xa0\u3000."
    found = [text[span.start : span.end] for span in split_sentences(text)]
    assert found == ["It was A\u2003.", "He left.", "She stayed.", "It was Z\xa0\u3000."]
    assert capfd.readouterr() == ("", "")  # a panic prints a part of the text
    assert len(narrow_spaces(text)) == len(text)


def test_a_panic_leaves_a_plain_rule_for_its_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(language: str, text: str) -> list[str]:
        raise PanicException

    monkeypatch.setattr(sentencex, "segment", panic)
    text = "It rained. “They left!” Who came? 没有人。好"
    assert [text[s.start : s.end] for s in split_sentences(text)] == [
        "It rained.",
        "“They left!”",
        "Who came?",
        "没有人。",
        "好",
    ]


def test_an_interrupt_is_no_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(language: str, text: str) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(sentencex, "segment", interrupt)
    with pytest.raises(KeyboardInterrupt):
        split_sentences("It rained. They left.")

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.model.analysis import Span
from copydesk.model.page.sentences import is_hard_wrapped, split_sentences


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@given(st.text())
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    covered = [i for span in spans for i in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    missing = set(range(len(text))) - set(covered)
    assert all(text[i].isspace() for i in missing)
    assert spans == sorted(spans)


@given(st.text(alphabet="aé中😀́ .!?\n\r\u2028\"'”"))
def test_sentences_are_trimmed_slices(text: str) -> None:
    for sentence in sentences(text):
        assert sentence == sentence.strip() != ""


def test_lines_are_not_joined() -> None:
    assert sentences("PHOTO: A. Smith\nBEIJING - China acted.") == ["PHOTO: A. Smith", "BEIJING - China acted."]


def test_offsets_count_code_points_beyond_the_basic_plane() -> None:
    assert split_sentences("Ünïcode 😀 works. 第二句。 Yes.") == [Span(0, 16), Span(17, 21), Span(22, 26)]


def test_hard_wrapped_text_is_one_sentence_across_lines() -> None:
    text = (
        "The minister said on Monday that the duty on steel from the three\n"
        "countries would be cut in two steps, the first of them before the\n"
        "summer. Mills along the coast, which employ some nine thousand men\n"
        "and women, called the plan a surrender.\n"
        "\n"
        "A second paragraph follows."
    )
    found = sentences(text)
    assert len(found) == 3
    assert found[0].startswith("The minister")
    assert found[0].endswith("before the\nsummer.")
    assert found[2] == "A second paragraph follows."


def test_one_sentence_per_line_is_not_hard_wrapped() -> None:
    lines = [
        "the penny took time to drop for him.",
        "he was left out of the early squads, he said.",
        "then all changed.",
    ]
    assert not is_hard_wrapped(lines)


def test_marks_without_letters_join_the_sentence_before() -> None:
    assert sentences("It rained. * * *") == ["It rained. * * *"]


@pytest.mark.parametrize(
    "marked",
    [
        "Mr. Lee met Dr. Wu at 5 p.m. in Taipei. | They left. | It cost $1.5 million. | He paid.",
        "He holds a Ph.D.: that helped. | It was the M.D.'s duty to tell the police. | She lives in Washington, D.C. | "
        "The joint hearing was short.",
        "The port is open again. | 🎉 Ships are coming in. | Nice work! | 👍 The mayor wept 👨‍👩‍👧 with her children.",
        "ministers cut the duty on steel. | mills will close in june. | workers plan a strike.",
        "The talks ended in 2016. | Nothing was signed. | The road is Interstate 55. | Twenty-five people were hurt.",
        "Dr. Wu met Gen. Li at 5 p.m. in Taipei. | \u200bThey left. | The min\xadister\u200b waited.",
        'Dr. Wu, who came at 3:00 p.m., said, "The ships are safe; but more checks (e.g., scans) are needed." | '
        'Meanwhile, the crew—who had slept since 7:00 a.m.—rested. | "Let\'s go," she added.',
        '“We fight on. Nobody stops us,” he said. | "We won. They lost." | He left.',
    ],
)
def test_sentences_end_where_sentencex_ends_them(marked: str) -> None:
    assert sentences(marked.replace(" | ", " ")) == marked.split(" | ")


def test_sentences_need_no_space_between_them() -> None:
    assert sentences("“这是对的。”部长说。我们明天去看《摔跤吧！爸爸》好吗？好！") == [
        "“这是对的。”",
        "部长说。",
        "我们明天去看《摔跤吧！爸爸》好吗？",
        "好！",
    ]
    assert sentences("The duty rose to 25 per cent.Mills closed the next day.He was shot.") == [
        "The duty rose to 25 per cent.",
        "Mills closed the next day.",
        "He was shot.",
    ]


@pytest.mark.parametrize(("name", "at_least"), [("pud_news", 214), ("pragmatic_english_spec", 129)])
def test_sentences_match_the_gold_standard(name: str, at_least: int, shared: Path) -> None:
    rows = [json.loads(line) for line in (shared / f"sentences-{name}.jsonl").read_text().splitlines()]
    right = sum(
        [*map(without_space, sentences(row["text"]))] == [*map(without_space, row["sentences"])] for row in rows
    )
    assert right >= at_least


def without_space(text: str) -> str:
    return "".join(text.split())

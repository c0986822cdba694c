"""Furniture that is certain by the lines around it: teasers, running heads; and inside a line."""

from copydesk.model.page.furniture.running_heads import find_running_heads
from copydesk.model.page.furniture.teasers import find_teasers
from copydesk.model.page.furniture.trim import trim_line
from copydesk.model.page.lines import split_lines

PROSE = "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it."


def _cut_off(text: str) -> list[str]:
    (line,) = split_lines(text)
    return [text[part.start : part.end] for part in trim_line(line, is_last=False).furniture]


def test_headlines_over_words_that_break_off_are_teasers() -> None:
    lines = split_lines(f"Crane for Halden\n{PROSE[:90]}...\nMite kills hives\n{PROSE[:80]}…\nTrams return\n{PROSE}")
    assert find_teasers(lines) == dict.fromkeys(range(4), "related")


def test_one_sentence_that_breaks_off_is_no_teaser() -> None:
    assert find_teasers(split_lines(f"Crane for Halden\n{PROSE[:90]}...\n{PROSE}")) == {}


def test_a_headline_under_a_label_between_paragraphs_is_a_teaser() -> None:
    lines = split_lines(f"{PROSE}\nRelated article\nMite kills hives\n{PROSE}")
    assert find_teasers(lines) == {1: "related", 2: "related"}


def test_page_numbers_and_the_heads_beside_them_are_furniture() -> None:
    body = f"{PROSE}\n{PROSE}\n"
    lines = split_lines(f"{body}4\nThe Bayline\n{body}5\nThe Bayline\n{body}")
    assert find_running_heads(lines) == dict.fromkeys((2, 3, 6, 7), "other")


def test_numbers_in_no_order_are_no_page_numbers() -> None:
    assert find_running_heads(split_lines(f"{PROSE}\n4\n{PROSE}\n{PROSE}\n9\n{PROSE}")) == {}


def test_what_is_fused_to_sentences_is_cut_off_them() -> None:
    assert _cut_off(f"{PROSE} (AP Photo/Ona Vell) {PROSE}") == ["(AP Photo/Ona Vell)"]
    assert _cut_off(f"{PROSE} Story continues below advertisement {PROSE}") == ["Story continues below advertisement"]
    assert _cut_off(f"{PROSE} {PROSE} What it costs the town") == ["What it costs the town"]
    assert _cut_off(f"Photograph: Ona Vell/Reuters {PROSE} {PROSE}") == ["Photograph: Ona Vell/Reuters"]
    assert _cut_off(f"By Ona Vell PUBLISHED: 01:45 EST, 3 June 2025 {PROSE} {PROSE}") == [
        "By Ona Vell PUBLISHED: 01:45 EST, 3 June 2025"
    ]


def test_a_dateline_and_a_sentence_with_initials_stay() -> None:
    assert _cut_off(f"PORT HALDEN (Reuters) - {PROSE} {PROSE}") == []
    assert _cut_off(f"{PROSE} {PROSE} He met Dwight D. Eisenhower") == []


def test_the_last_line_keeps_a_sentence_that_was_cut() -> None:
    (line,) = split_lines(f"{PROSE} {PROSE} The price of the crane")
    assert trim_line(line).furniture == ()

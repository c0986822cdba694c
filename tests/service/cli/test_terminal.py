import io
import re
from dataclasses import replace

from rich.console import Console

from copydesk.client.answers import Part
from copydesk.model.analysis import (
    Analysis,
    Coverage,
    Evidence,
    Furniture,
    ScoredSentence,
    StoryAnalysis,
    Summary,
    Tag,
)
from copydesk.service.cli.terminal import TEXT_PARTS, show

FIRST, SECOND = "Ministers cut the duty on steel.", "Carmakers had lobbied for it since spring."
ADDRESS = f"https://example.org/{'a-long-path/' * 9}end"
TEXT = f"Duty falls\r\n{FIRST} {SECOND}\r\nSee {ADDRESS}"
LABEL = "trade policy of the ministers"


def place(part: str) -> tuple[int, int]:
    return TEXT.index(part), TEXT.index(part) + len(part)


def analysis(text: str = TEXT) -> Analysis:
    sentences = tuple(ScoredSentence(s, *place(s), 0.5, rank) for rank, s in enumerate((FIRST, SECOND), 1))
    trade = Tag(LABEL, 0.97, True, 0.4, (Evidence(*place(FIRST), FIRST, 2.1),))
    drugs = Tag("drugs", 0.02, False, 0.4, ())
    story = StoryAnalysis(0, len(text), "Duty falls", (trade, drugs), Summary(SECOND, sentences[1:]), sentences)
    furniture = (Furniture(*place(f"See {ADDRESS}"), "related"),)
    return Analysis(None, text, story, (), furniture, Coverage(len(text), 1200, 1))


def shown(result: Analysis, width: int = 80, parts: frozenset[Part] = TEXT_PARTS, name: str = "a.txt") -> str:
    """What is printed where there are no colours."""
    file = io.StringIO()
    show(Console(file=file, width=width, markup=False), result, name, parts)
    return file.getvalue()


def test_the_summary_stands_as_text() -> None:
    lines = [line.strip() for line in shown(analysis()).splitlines()]
    assert lines[lines.index("Summary") + 1] == SECOND
    assert "1,200 tokens in 1 window, all read" in lines[0]


def test_a_summary_without_a_sentence_says_why() -> None:
    result = analysis()
    empty = replace(result.story, summary=Summary("", (), "no sentence fits"))
    lines = [line.strip() for line in shown(replace(result, story=empty)).splitlines()]
    assert lines[lines.index("Summary") + 1] == "no sentence fits"


def test_evidence_is_shown_on_request() -> None:
    assert "Evidence" not in shown(analysis())
    lines = [line.strip() for line in shown(analysis(), parts=TEXT_PARTS | {"evidence"}).splitlines()]
    assert lines[lines.index("Evidence") :][:3] == ["Evidence", LABEL, f"+2.10  {FIRST}"]
    assert "drugs" not in lines
    unassigned = replace(analysis().story, tags=())
    assert "Evidence" not in shown(replace(analysis(), story=unassigned), parts=frozenset({"evidence"}))


def test_only_the_parts_asked_for_are_shown() -> None:
    parts: frozenset[Part] = frozenset({"sentences"})
    lines = [line.strip() for line in shown(analysis(), parts=parts).splitlines()]
    assert lines[2:] == ["Duty falls", "", "Sentences", f"0.50  1.  {FIRST}", f"0.50  2.  {SECOND}", ""]


def test_nothing_is_lost_on_a_narrow_terminal() -> None:
    for width in (40, 60, 80):
        text = shown(analysis(), width, TEXT_PARTS | {"evidence", "sentences"}, name=f"{'folder/' * 20}a.txt")
        squeezed = "".join(text.split())
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width
        assert squeezed.count("".join(FIRST.split())) == 3  # evidence, sentences, text
        assert "".join(LABEL.split()) in squeezed
        assert "folder/" * 20 in squeezed
        assert squeezed.count(ADDRESS) == 2  # text, what was set aside
        assert "".join(re.sub("related|See", "", squeezed.partition("setaside")[2]).split("─")) == ADDRESS


def test_control_characters_reach_no_terminal() -> None:
    attack = "\x1b]52;c;ZXZpbA==\x07"
    result = analysis(TEXT.replace("See ", "\x1b]5"))
    label, evidence = (
        Tag(f"a{attack}", 0.9, True, 0.1, (Evidence(None, None, attack, 1.0),)),
        Summary(attack, (), attack),
    )
    story = replace(result.story, title=attack, tags=(label,), summary=evidence)
    text = shown(replace(result, story=story), parts=TEXT_PARTS | {"evidence"}, name=f"{attack}.txt")
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f]", text)) == {"\n"}


def test_a_summary_sentence_is_marked_to_the_letter_in_a_text_with_carriage_returns() -> None:
    file = io.StringIO()
    show(Console(file=file, width=80, force_terminal=True, color_system="standard"), analysis(), "a.txt")
    assert re.findall(r"\x1b\[1m(.*?)\x1b\[0m", file.getvalue()) == ["a.txt", SECOND]

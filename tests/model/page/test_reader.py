import json
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.page.reader import Page, read_page
from support.tiny import ROOT

STORY = """\
The first tram in nine years rolled out of the depot at Linden Cross on Monday with thirty schoolchildren on board.

The line was closed in 2015 after engineers found that the viaduct over the river had moved by four centimetres.

"We have waited a long time for this bell," said the depot's manager, Oona Trevelyan. "My father drove the last one."

The city paid for the repairs with a loan that it will pay back until 2041, according to the treasurer's report.

Opposition councillors say that the money would have bought sixty buses, and that buses need no viaduct.

A second line, to the hospital, is to follow in the spring if the steel arrives on time."""

HEADLINE = "Trams return to Linden Cross after nine years"
CAPTION = "Children wave from the first tram. PHOTO: OONA TREVELYAN/CITY ARCHIVE"

OTHER = (
    "MARLOW - Beekeepers in the upper valley have lost a third of their hives to a mite that came with the warm winter, "
    "the growers' union said on Friday. Inspectors found it in eleven villages between the dam and the old border. "
    "The union wants the ministry to pay for new queens, and to close the road to hives from abroad until the summer. "
    "Honey from the valley won two medals last year. MERIDIAN Follow our Telegram channel and get the latest breaking "
    "news delivered to you."
)
OTHER_BODY_END = "Honey from the valley won two medals last year."

PAGE = f"""\
{HEADLINE}
{CAPTION}
{STORY}
Follow our Telegram channel and get the latest breaking news delivered to you.
Hashtags
Comments
No comments yet...
Related Articles

Valley Herald
2 hours ago
- Valley Herald
Mite kills a third of the valley's hives, beekeepers ask for help
{OTHER.replace("MERIDIAN", "REUTERS")}
"""


def _bodies(text: str, page: Page) -> list[str]:
    return ["\n".join(text[start:end] for start, end in story.body) for story in page.stories]


def _covers_everything_once(text: str, page: Page) -> None:
    parts = sorted(
        [(s.start, s.end) for story in page.stories for s in story.body] + [(f.start, f.end) for f in page.furniture]
    )
    assert all(0 <= start <= end <= len(text) for start, end in parts)
    assert all(before[1] <= after[0] for before, after in pairwise(parts))
    inside = {i for start, end in parts for i in range(start, end)}
    assert all(i in inside for i, character in enumerate(text) if not character.isspace())
    assert all(
        story.span.start <= story.body[0].start and story.span.end == story.body[-1].end for story in page.stories
    )


def test_plain_story_comes_through_untouched() -> None:
    page = read_page(STORY)
    assert _bodies(STORY, page) == [STORY]
    assert page.stories[0].title is None
    assert page.stories[0].span == (0, len(STORY))
    assert page.furniture == ()


def test_user_title_is_kept() -> None:
    assert read_page(STORY, "A title of mine").stories[0].title == "A title of mine"


def test_page_is_told_apart_into_its_stories() -> None:
    page = read_page(PAGE)
    assert [story.title for story in page.stories] == [
        HEADLINE,
        "Mite kills a third of the valley's hives, beekeepers ask for help",
    ]
    main, other = page.stories
    assert _bodies(PAGE, page)[0] == STORY
    assert PAGE[main.span.start : main.span.end].startswith(HEADLINE)
    body = _bodies(PAGE, page)[1]
    assert body.startswith("MARLOW - Beekeepers")
    assert body.endswith(OTHER_BODY_END)
    assert PAGE[other.span.start :].startswith("Mite kills")


def _long(text: str) -> str:
    return " ".join([text] * 6)


DIGEST = f"""\
{HEADLINE}
The Provincial | Yesterday
{_long(STORY.split(chr(10))[0])}
Share
Copy Link
You might be interested in
Bayline · 3 hours ago
Is the mite a match for the valley's beekeepers?
{_long(OTHER.split(" MERIDIAN")[0])} {_long(OTHER.split(" MERIDIAN")[0])}

Bayline · 5 hours ago
Second line to the hospital waits for steel
{_long(STORY.split(chr(10))[-1])} {_long(STORY.split(chr(10))[6])}
"""


def test_long_stories_with_little_between_them_are_told_apart_and_the_first_is_the_main_one() -> None:
    lines = DIGEST.split("\n")
    page = read_page(DIGEST)
    assert _bodies(DIGEST, page) == [lines[2], lines[8], lines[12]]
    assert [story.title for story in page.stories] == [HEADLINE, lines[7], lines[11]]
    _covers_everything_once(DIGEST, page)


def test_dates_and_subheadings_inside_a_plain_story_do_not_divide_it() -> None:
    paragraphs = STORY.split("\n\n")
    text = "\n".join(
        [*paragraphs[:2], "How it began", "12 March 2015", *paragraphs[2:4], "What comes next", *paragraphs[4:]]
    )
    page = read_page(text)
    assert _bodies(text, page) == [text]
    assert page.furniture == ()


def test_furniture_has_its_kind() -> None:
    page = read_page(PAGE)
    kinds = {PAGE[f.start : f.end]: f.kind for f in page.furniture}
    assert kinds[HEADLINE] == "headline"
    assert kinds[CAPTION] == "caption"
    assert kinds["No comments yet..."] == "comments"
    assert kinds["2 hours ago"] == "timestamp"
    assert kinds["Follow our Telegram channel and get the latest breaking news delivered to you."] == "subscribe"
    _covers_everything_once(PAGE, page)


def test_caption_before_the_dateline_is_cut_off_inside_a_long_line() -> None:
    caption = 'The consul said relations were on "a good path". PHOTO: AFP'
    line = f"{caption} HONG KONG - {OTHER.removeprefix('MARLOW - ')}".replace("MERIDIAN", "REUTERS")
    text = f"{HEADLINE}\n{line}\n"
    page = read_page(text)
    body = _bodies(text, page)[0]
    assert body.startswith("HONG KONG - Beekeepers")
    assert body.endswith(OTHER_BODY_END)
    kinds = {text[f.start : f.end]: f.kind for f in page.furniture}
    assert kinds[caption] == "caption"
    assert kinds["REUTERS"] == "byline"


def test_whole_is_one_story_without_furniture() -> None:
    page = read_page(PAGE, mode="whole")
    assert page.furniture == ()
    assert _bodies(PAGE, page) == [PAGE.strip()]
    assert page.stories[0].title is None


def test_hard_wrapped_story_is_one_range() -> None:
    wrapped = (
        "The first tram in nine years rolled out of the depot at Linden\n"
        "Cross on Monday with thirty schoolchildren on board, and with a\n"
        "brass band that had practised for the day since the winter, as\n"
        "the manager of the depot said."
    )
    assert read_page(wrapped).stories[0].body == ((0, len(wrapped)),)


@pytest.mark.parametrize("text", ["", " \n ", "\n\n\r\n", "a", "* * *", "[1]\n[2]", "©", "\u2028x\u2028"])
def test_odd_texts_are_one_story(text: str) -> None:
    page = read_page(text)
    assert len(page.stories) == 1
    _covers_everything_once(text, page)


_LINES = st.one_of(
    st.text(max_size=80), st.sampled_from([*PAGE.split("\n"), *STORY.split("\n"), OTHER, "", " ", "\r", "*"])
)


@given(st.lists(_LINES, max_size=30), st.sampled_from(["\n", "\r\n", "\n\n", "\x85", "\u2028"]))
@settings(max_examples=60, deadline=None)
def test_body_and_furniture_hold_every_character_once(lines: list[str], line_break: str) -> None:
    text = line_break.join(lines)
    _covers_everything_once(text, read_page(text))


@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000,
        "a" * 1_000_000,
        "." * 1_000_000,
        "PHOTO: " * 140_000,
        "[" * 1_000_000,
        "Share\n" * 100_000,
        "He said so. " * 80_000,
        "\n".join(["A sentence that is long enough to be a line of a story, or so it seems to us here."] * 20_000),
    ],
    ids=["words", "letters", "dots", "credits", "brackets", "lines", "sentences", "prose"],
)
def test_hostile_text_is_read_in_seconds(text: str) -> None:
    start = time.process_time()
    read_page(text)
    assert time.process_time() - start < 20  # CPU; 1-5 s alone on two cores


def test_a_headline_of_the_text_has_its_place_and_a_given_title_has_none() -> None:
    page = read_page(PAGE)
    for story in page.stories:
        assert story.headline is not None
        assert PAGE[story.headline.start : story.headline.end] == story.title
    assert read_page(PAGE, "Trams are back").stories[0].headline is None
    assert read_page(PAGE, HEADLINE).stories[0].headline == page.stories[0].headline


def _stories(n: int) -> list[tuple[str, str]]:
    """Titles and texts of stories of the corpus that have little in common."""
    files = ("asia", "drugs", "london", "capitol")[:n]
    rows = [json.loads((ROOT / f"training/corpus/{name}.jsonl").read_text("utf-8").split("\n")[0]) for name in files]
    return [(row["title"], row["text"]) for row in rows]


def _titles(text: str) -> list[str | None]:
    return [story.title for story in read_page(text).stories]


def test_stories_under_numbers_in_a_digest_are_told_apart() -> None:
    stories = _stories(3)
    parts = [f"{n}. {title}\n{text}\nRead the full story\n" for n, (title, text) in enumerate(stories, 1)]
    text = "\n".join(["Good morning, this is what you need to know.\n", *parts, "See you tomorrow.", "Ona Vell"])
    assert _titles(text) == [title for title, _ in stories]


def test_stories_that_a_rule_parts_are_told_apart() -> None:
    stories = _stories(3)
    text = "\n----------\n".join(f"{title.upper()}\n{text}" for title, text in stories)
    assert _titles(text) == [title.upper() for title, _ in stories]


def test_numbered_points_after_an_introduction_stay_one_story() -> None:
    points = "\n".join(f"{n}. The price of point {n}\n{STORY.split(chr(10))[2 * n]}" for n in range(3))
    text = f"{STORY}\n{points}"
    assert len(read_page(text).stories) == 1

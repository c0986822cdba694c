"""What kind of page a text is."""

import pytest

from copydesk.model.page.reader import read_page

PROSE = "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it."
LISTING = """\
Home
Council votes to buy a second crane for the harbour
Police find 40 kilograms of heroin among tiles
3 hours ago
Trams return to Linden Cross after nine years
Mite kills a third of the valley's hives this winter
Ministers cut the duty on imported steel again
© 2025 The Bayline"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{PROSE}\n{PROSE}", "article"),
        (f"Page not found\n{PROSE * 4}", "article"),
        (LISTING, "listing"),
        ("\n".join(f"{hour}:00\n{PROSE}" for hour in (18, 17, 16)), "live_blog"),
        ("404\nSorry, the page you requested could not be found.\nGo back to the homepage", "not_an_article"),
        ("Log in to continue reading\nEmail address\nPassword\nForgot your password?", "not_an_article"),
        ("Please enable JavaScript and cookies to continue", "not_an_article"),
        ("We value your privacy\nAccept all cookies\nManage preferences", "not_an_article"),
        ("The page of the ledger that the auditors were looking for could not be found.", "article"),
    ],
)
def test_a_page_has_its_kind(text: str, kind: str) -> None:
    page = read_page(text)
    assert page.kind.kind == kind
    assert 0 <= page.kind.score <= 1


def test_headlines_of_a_listing_are_stories_without_a_body() -> None:
    page = read_page(LISTING)
    assert [story.title for story in page.stories] == [LISTING.split("\n")[i] for i in (1, 2, 4, 5, 6)]
    assert all(not story.body and story.headline == story.span for story in page.stories)
    assert "".join(LISTING[part.start : part.end] for part in page.furniture) == LISTING.replace("\n", "")


def test_headlines_of_a_listing_are_titles_without_their_bullets() -> None:
    lines = LISTING.split("\n")
    page = read_page("\n".join([lines[0], *(f"* {line}" for line in lines[1:])]))
    assert page.kind.kind == "listing"
    assert page.stories[0].title == lines[1]


def test_a_listing_read_whole_is_one_story() -> None:
    page = read_page(LISTING, mode="whole")
    assert [story.body for story in page.stories] == [((0, len(LISTING)),)]


def test_a_listing_of_very_many_headlines_is_not_a_story_each() -> None:
    text = "\n".join(f"Council votes to buy crane number {n} for the harbour" for n in range(1000))
    assert read_page(text).kind.kind == "listing"
    assert len(read_page(text).stories) == 1

"""What a page says of itself, in its lines and in its markup."""

from copydesk.model.analysis import Metadata, Span, Stated
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.pool import read_html
from copydesk.model.page.metadata import find_metadata
from copydesk.model.page.reader import read_page

STORY = "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it."
TEXT = f"""\
Council backs a second crane
By Ona Vell
3 June 2025
{STORY}
{STORY}
Share
Tweet
Print
Comments
No comments yet...
Terms of Use
© 2025 The Harbour Post. All rights reserved."""
HTML = f"""<html lang="en-GB"><head><title>Crane | Bayline</title><meta property="og:site_name" content="Bayline">
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "Council backs crane", "datePublished": "2025-06-03T10:00:00Z",
"author": {{"@type": "Person", "name": "Ona Vell"}},
"publisher": {{"@type": "Organization", "name": "Bayline"}}}}</script></head>
<body><article><h1>Council backs crane</h1><p>{STORY}</p><p>{STORY}</p><p>{STORY}</p></article></body></html>"""


def _stated(text: str) -> Stated:
    at = TEXT.index(text)
    return Stated(text, Span(at, at + len(text)))


def test_a_text_states_title_byline_date_and_outlet_in_its_lines() -> None:
    found = find_metadata(TEXT, read_page(TEXT), Markup(TEXT))
    assert found == Metadata(
        title=_stated("Council backs a second crane"),
        byline=_stated("Ona Vell"),
        date=_stated("3 June 2025"),
        outlet=_stated("The Harbour Post"),
    )


def test_a_plain_story_states_nothing() -> None:
    assert find_metadata(STORY, read_page(STORY), Markup(STORY)) == Metadata()


def test_markup_states_what_its_data_say() -> None:
    markup = read_html(HTML, 60)
    found = find_metadata(markup.text, read_page(markup.text, headlines=markup.headlines), markup)
    assert found.title == Stated("Council backs crane", Span(0, 19))
    assert found.byline == Stated("Ona Vell")
    assert found.date == Stated("2025-06-03")
    assert found.outlet == Stated("Bayline")
    assert found.language == Stated("en")


def test_data_that_cannot_be_read_is_no_reason_to_refuse_a_page() -> None:
    source = HTML.replace('{"@context"', "{" * 5000)
    assert "second crane" in read_html(source, 60).text

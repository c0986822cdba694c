"""Pages as sites send them: what is right for each."""

import pytest

from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.pool import read_html
from copydesk.model.page.reader import Page, read_page
from support.tiny import ROOT

PARAGRAPH = "<p>Ministers agreed on Monday to cut the duty on imported steel, which ends a dispute of two years.</p>"


def read_case(name: str) -> tuple[Markup, Page]:
    source = (ROOT / "tests" / "cases" / name).read_bytes().decode("utf-8", "replace")
    return read(source)


def read(source: str) -> tuple[Markup, Page]:
    markup = read_html(source, 60)
    return markup, read_page(markup.text, headlines=markup.headlines)


def body_of(markup: Markup, page: Page, story: int = 0) -> list[str]:
    return [line for start, end in page.stories[story].body for line in markup.text[start:end].split("\n")]


def first_words(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines]


def test_a_table_that_lays_out_the_page_is_no_table() -> None:
    markup, page = read_case("h03_layout_table.html")
    assert page.stories[0].title == "Duty on steel to fall"
    assert first_words(body_of(markup, page)) == ["The", "A", "Carmakers"]
    assert "|" not in markup.text
    assert "Front" not in "".join(body_of(markup, page))


def test_the_parts_of_a_newsletter_are_stories_under_their_headlines() -> None:
    markup, page = read_case("h21_newsletter.html")
    assert [story.title for story in page.stories] == ["Police find heroin among tiles", "Ministers cut duty on steel"]
    assert first_words(body_of(markup, page, 1)) == ["Ministers"]


def test_a_list_inside_a_cell_of_figures_is_kept() -> None:
    markup, page = read_case("h06_table_list.html")
    assert "| Notes Pipes are exempt until 2027; Wire is not | 5 % | 0 % |" in markup.text
    assert page.stories[0].title == "What the new tariffs cost"


@pytest.mark.parametrize("wrap", ["{}", "<div>{}</div>"])
def test_a_list_and_a_headline_outside_an_article_are_kept(wrap: str) -> None:
    source = (ROOT / "tests" / "cases" / "h07_body_ul.html").read_text(encoding="utf-8")
    inside = source[source.index("<body>") + 6 : source.index("</body>")]
    markup, page = read(f"<html><body>{wrap.format(inside)}</body></html>")
    assert page.stories[0].title == "Did the agency agree?"
    assert first_words(body_of(markup, page)) == ["The", "The", "-", "-", "-", "Members"]


@pytest.mark.parametrize("name", ["h08_hidden.html", "h20_template_hidden.html"])
def test_what_nobody_sees_is_not_read(name: str) -> None:
    markup, page = read_case(name)
    assert not {"Old version", "Placeholder", "WARNING", "Comments on"} & {
        phrase for phrase in ("Old version", "Placeholder", "WARNING", "Comments on") if phrase in markup.text
    }
    assert len(body_of(markup, page)) == 3


def test_a_page_whose_text_a_script_shows_is_read_all_the_same() -> None:
    paragraph = "Ministers agreed on Monday to cut the duty on imported steel, which ends a dispute of two years. "
    markup, _ = read(f'<html><body><div style="visibility:hidden"><p>{paragraph * 3}</p></div></body></html>')
    assert "Ministers agreed" in markup.text


def test_a_consent_dialog_is_no_part_of_the_page() -> None:
    markup, page = read_case("h09_cookie.html")
    assert page.stories[0].title == "Statement on the harbour lender"
    assert first_words(body_of(markup, page)) == ["The", "It"]
    assert "When you visit" not in markup.text


def test_a_live_blog_keeps_its_headline_points_and_posts() -> None:
    markup, page = read_case("h13_liveblog.html")
    assert page.stories[0].title == "Strait crisis: warships turn back as talks begin - live"
    body = body_of(markup, page)
    for words in ("- Six warships", "Six Chinese", "Our correspondent", "Envoys of both", "That's all"):
        assert any(line.startswith(words) for line in body), words
    assert "Share this post" not in body


def test_a_heading_that_is_never_closed_is_the_title() -> None:
    markup, page = read_case("h16_fragment.html")
    assert page.stories[0].title == "Mills to close in autumn"
    assert first_words(body_of(markup, page))[:3] == ["Two", "Some", "The"]


def test_footnote_marks_do_not_glue_sentences_and_exponents_stay() -> None:
    markup, _ = read_case("h22_footnotes.html")
    assert "on Monday. Mills along the coast protested at once. Carmakers" in markup.text
    markup, _ = read(
        "<html><body><p>The island has 36,000 km<sup>2</sup> and more people than its neighbour in the north, "
        "which is twice as large.</p></body></html>"
    )
    assert "km2 and" in markup.text


def test_several_articles_are_several_stories() -> None:
    other = "<p>Police found forty kilograms of heroin in a container of tiles on Sunday, and arrested two men.</p>"
    source = f"<article><h2>Duty cut</h2>{PARAGRAPH * 3}</article><article><h2>Heroin found</h2>{other * 3}</article>"
    markup, page = read(f"<html><body>{source}</body></html>")
    assert [story.title for story in page.stories] == ["Duty cut", "Heroin found"]
    assert set(first_words(body_of(markup, page, 1))) == {"Police"}


def test_teasers_set_as_articles_are_no_stories() -> None:
    teaser = "<article><h3><a href='/x'>Heroin found among tiles</a></h3><p>Police found it on Sunday.</p></article>"
    source = f"<article><h1>Duty cut</h1>{PARAGRAPH * 4}</article>{teaser * 4}"
    _, page = read(f"<html><body>{source}</body></html>")
    assert [story.title for story in page.stories] == ["Duty cut"]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Duty cut | Bayline</title>", "Duty cut"),
        ("<title>Bayline</title><meta property='og:title' content='Duty cut'>", "Duty cut"),
        ("", None),
    ],
)
def test_a_page_without_a_headline_has_the_title_that_it_gives_itself(head: str, title: str | None) -> None:
    markup, _ = read(f"<html><head>{head}</head><body>{PARAGRAPH * 3}</body></html>")
    assert markup.title == title


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("h01_dropcap.html", 4),
        ("h02_nobr.html", 4),
        ("h05_squish.html", 7),
        ("h10_brbr.html", 6),
        ("h11_entities.html", 4),
        ("h14_inline_boxes.html", 7),
        ("h15_amp.html", 5),
        ("h17_pre.html", 7),
        ("h23_cp1252.html", 3),
    ],
)
def test_pages_that_were_read_right_still_are(name: str, lines: int) -> None:
    markup, _ = read_case(name)
    assert len(markup.text.split("\n")) == lines


def test_an_article_that_stands_only_in_the_data_for_search_engines_is_read() -> None:
    markup, _ = read_case("h18_jsonld.html")
    assert markup.text.startswith("Ministers agreed on Monday to cut the duty on imported steel")
    assert markup.title == "Ministers cut duty"

"""Furniture that is certain: consent, offers, e-mail heads and signatures, contents, live blogs."""

import pytest

from copydesk.model.page.furniture.asides import find_asides, is_notice
from copydesk.model.page.furniture.notices import find_kind
from copydesk.model.page.reader import Page, read_page
from support.tiny import ROOT

CASES = ROOT / "tests" / "cases"


def read_case(name: str) -> tuple[str, Page]:
    text = (CASES / name).read_text(encoding="utf-8")
    return text, read_page(text)


def body_of(text: str, page: Page) -> list[str]:
    return [line for start, end in page.stories[0].body for line in text[start:end].split("\n")]


def kinds_of(text: str, page: Page) -> dict[str, str]:
    return {text[part.start : part.end].split("\n")[0]: part.kind for part in page.furniture}


def test_consent_is_furniture_and_the_headline_under_it_is_one() -> None:
    text, page = read_case("p04_cookie.txt")
    assert page.stories[0].title == "Bank of Halden closes harbour lender"
    assert [line.split()[0] for line in body_of(text, page)] == ["The", "It"]
    assert {"We value your privacy", "Reject All", "I Accept", "Show Purposes"} <= kinds_of(text, page).keys()


def test_an_offer_amid_a_story_does_not_part_it() -> None:
    text, page = read_case("p07_paywall.txt")
    assert page.stories[0].title == "Cartel chief flown to capital"
    assert [line.split()[0] for line in body_of(text, page)] == ["The", "Prosecutors"]
    assert kinds_of(text, page)["Unlimited digital access for 1 euro a month"] == "subscribe"


def test_a_mail_is_read_without_head_quotes_and_signature() -> None:
    text, page = read_case("p01_email_quoted.txt")
    assert page.stories[0].title == "Duty on steel"
    assert body_of(text, page)[0].startswith("I spoke to the mills")
    assert body_of(text, page)[-1] == "takes effect in June."
    kinds = kinds_of(text, page)
    assert kinds["From: desk@example.org"] == "other"
    assert kinds["Subject: Duty on steel"] == "headline"
    assert kinds["Ona Vell, Bayline"] == "byline"


def test_a_mail_that_only_quotes_keeps_what_it_quotes() -> None:
    text = "From: a@example.org\nSubject: Fwd: Crane\n\n> The council voted on Monday to pay for a second crane.\n"
    page = read_page(text)
    assert page.stories[0].title == "Crane"
    assert body_of(text, page) == ["> The council voted on Monday to pay for a second crane."]


def test_a_story_that_quotes_one_field_is_no_mail() -> None:
    text = "From: the harbour master, a letter to the council about the crane.\nIt was read out on Monday in the hall."
    assert body_of(text, read_page(text)) == text.split("\n")


def test_all_posts_of_a_live_blog_are_one_story_under_its_headline() -> None:
    text, page = read_case("p03_liveblog.txt")
    assert len(page.stories) == 1
    assert page.stories[0].title == "Strait crisis: warships turn back as talks begin - as it happened"
    assert [line.split()[0] for line in body_of(text, page)] == ["Six", "Our", "Envoys"]
    assert kinds_of(text, page)["Talks in Geneva tonight"] == "heading"


def test_two_times_of_day_make_no_live_blog() -> None:
    text = (
        "14:00\nThe council met in the old hall on Monday and voted for the crane by nine to four.\n"
        "15:00\nThe harbour master thanked its members and left for the port before the hour was over.\n"
    )
    assert "other" not in kinds_of(text, read_page(text)).values()
    assert len(body_of(text, read_page(text))) >= 2


def test_a_list_of_contents_is_navigation_and_the_sections_stay() -> None:
    story = "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it."
    text = f"Crane for Halden\nIn this article\nThe vote\nThe price\n{story}\nThe vote\n{story}\nThe price\n{story}\n"
    page = read_page(text)
    found = [part for part in page.furniture if part.kind == "navigation"]
    assert [text[part.start : part.end] for part in found][:3] == ["In this article", "The vote", "The price"]
    assert body_of(text, page).count(story) == 3


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("We use cookies and other tracking technologies to improve your browsing.", "other"),
        ("This site uses cookies.", "other"),
        ("By continuing to use this site you agree to our terms of use.", "other"),
        ("Manage preferences", "other"),
        ("Accept all cookies", "other"),
        ("You have 2 free articles left this month.", "subscribe"),
        ("This article is for subscribers only", "subscribe"),
        ("Only $1 a week for the first year", "subscribe"),
        ("The old crane at dawn. Photo: Mira Olsen/Bayline", "caption"),
        ("The company uses cookies to follow its customers, the regulator said on Monday.", None),
        ("Subscribers to the fund lost 4 million dollars a year, the court heard.", None),
        ("The accept-all button must go, the court said.", None),
    ],
)
def test_only_what_is_certain_has_a_kind(line: str, kind: str | None) -> None:
    assert find_kind(line) == kind


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("By Ona Vell", True),
        ("Read more: how the port was built", True),
        ("He can be reached at @ona.", True),
        ("(Bay Ferry / Handout via Reuters)", True),
        ("We value your privacy.", True),
        ("* * *", True),
        ("3.", True),
        ("Media playback is unsupported on your device Media caption The crane at dawn", True),
        ("This article was updated on Monday.", True),
        ("The opinions expressed here are the author's own.", True),
        ("Ona Vell contributed to this report.", True),
        ("Ona Vell is a staff writer at Bayline.", True),
        ("(Reporting by Ona Vell; Editing by Mira Olsen)", True),
        ("To contact the reporter on this story: ona@example.org", True),
        ("Reporting by the ministry shows that exports fell.", False),
        ("The reporter contributed to the fund that paid for it.", False),
        ("By Monday the port was open again, said the harbour master.", False),
        ("Watchmen found the crane on Sunday.", False),
    ],
)
def test_a_notice_is_told_from_a_sentence_of_the_story(sentence: str, *, expected: bool) -> None:
    assert is_notice(sentence) == expected


def test_a_short_sentence_without_an_end_is_a_sub_heading() -> None:
    story = ["The council voted on Monday to pay for a second crane.", "What it costs", "It will cost 14 million."]
    assert find_asides(story) == [False, True, False]


def test_no_sentence_is_a_sub_heading_where_none_has_an_end() -> None:
    assert find_asides(["the council voted on monday", "it will cost 14 million"]) == [False, False]


def test_points_of_a_list_and_broken_sentences_are_no_sub_headings() -> None:
    story = [
        "The council voted on Monday.",
        "• 22 for the crane",
        "The mayor, who",
        "voted against it, left.",
        "He slept.",
    ]
    assert find_asides(story) == [False] * 5

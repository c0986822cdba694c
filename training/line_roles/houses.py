"""Pages of several stories in the manner of many houses: how each sets a headline, and what parts one story from the
next. A house keeps its manner through the page."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from copydesk.training.line_roles.language import Block
from copydesk.training.line_roles.site import Site

_SENTENCES = re.compile(r"(?<=[.!?]) ")
_RULES = ("---", "-" * 20, "_" * 12, "=====", "***", "* * *", "~~~~~~", "• • •", "———", "+ + +", "######", "#")
BREAKS = ("***", "* * *", "---", "• • •", "#")  # rules that part a story too
_HEADLINES = (
    "{t}", "{t}", "{t}", "{t}", "{t}", "{t}", "{T}", "{T}", "{T}", "{n}. {t}", "{n}. {t}", "{n}) {t}", "({n}) {t}", "{n} | {t}", "{n} {t}", "#{n}: {t}",
    "No. {n}: {t}", "{n}. {T}", "Headline: {t}", "Title: {t}", "Story {n}: {t}", "> {t}", "* {t}", "** {t} **", "== {t} ==", "[{t}]", "{c}: {t}",
    "{t} ({o})",
)  # fmt: skip
_SECTIONS = (
    "World", "Local", "Region", "Nation", "Economy", "Markets", "Crime", "Courts", "Health", "Science", "People", "Politics",
    "Elsewhere", "In other news", "Other headlines", "More news", "In brief", "Around the region", "Quick takes", "What else is new",
    "The rest of the day", "Briefly", "Second section", "Page two", "From our correspondents", "Also today", "Sports desk",
)  # fmt: skip
_INTROS: tuple[Block, ...] = (
    [("other", "Good evening. This is what happened on {date}.")],
    [("other", "Hello, and thank you for opening today's edition."), ("byline", "{name}")],
    [("other", "Dear subscriber,"), ("other", "below you find the stories that our editors chose for you.")],
    [("other", "Welcome back."), ("other", "Here are {n} stories to start the day with.")],
    [("heading", "{outlet} Daily Briefing"), ("timestamp", "{date}")],
    [("heading", "The Morning Edition"), ("timestamp", "{date}"), ("subscribe", "View this email in your browser")],
    [("heading", "News roundup"), ("byline", "Compiled by {name}")],
    [("heading", "NEWS BRIEFS"), ("timestamp", "{date}")],
    [("navigation", "Top stories | Markets | Culture"), ("timestamp", "{date}")],
    [("other", "By {name}, for {outlet}"), ("other", "Hi there! It's {date}, and a lot is going on.")],
)
_OUTROS: tuple[Block, ...] = (
    [("other", "That was the day. Good night."), ("byline", "{name}")],
    [("other", "Until tomorrow,"), ("byline", "{name}"), ("subscribe", "Was this forwarded to you? Sign up here.")],
    [("subscribe", "You are receiving this email because you opted in."), ("subscribe", "Unsubscribe")],
    [("other", "Thank you for reading."), ("subscribe", "Tell us what you think: reply to this email.")],
    [("copyright", "© {outlet}. All rights reserved."), ("navigation", "Contact us")],
    [("other", "End of bulletin")],
)
_UNDER: tuple[Block, ...] = (
    [("byline", "By {name}")], [("byline", "{name}")], [("timestamp", "{date}")], [("timestamp", "{date} {time}")],
    [("byline", "{name}, {outlet}")], [("byline", "{outlet}"), ("timestamp", "{date}")], [("other", "https://news.example.com/{n}{n}")],
    [("other", "URL: http://example.net/{n}/{n}"), ("timestamp", "Published: {date}")], [("byline", "From our correspondent")],
    [("timestamp", "Posted on {date}"), ("byline", "Author: {name}")], [("caption", "Photo: {name}")], [("heading", "{teaser}")],
)  # fmt: skip
_ENDS: tuple[Block, ...] = (
    [("related", "Read more")], [("related", "Full article")], [("related", "Read more >>")], [("related", "Continue reading at {outlet}")],
    [("related", "Go to the story"), ("share", "Share")], [("related", "More: https://news.example.com/{n}{n}{n}")],
    [("related", "Click here for the whole report.")], [("byline", "({outlet})")], [("share", "Share | Tweet | Email")],
    [("byline", "— {name}")], [("byline", "{name}")], [("related", "Back to contents")], [("other", "Category: News"), ("comments", "0 comments")],
)  # fmt: skip


@dataclass(frozen=True)
class _Manner:
    """One house's way with a page of stories."""

    headline: str
    rule: str | None
    section: float  # how often a section's name stands before a story
    is_capital: bool  # section names are in capitals
    source: Block  # before the headline
    under: Block
    end: Block
    length: str
    is_one_line: bool


def lay_out_stories(site: Site, body: Callable[[list[str]], list[Block]]) -> list[Block]:
    """The blocks of a page of two to seven stories. body: the blocks of one more story's paragraphs."""
    r = site.random
    manner = _choose(r)
    blocks = _some(site, _INTROS, 0.5) + site.furniture("top", r.choice([0, 0, 0, 1]))
    for n in range(1, r.randint(2, 7) + 1):
        if n > 1 and manner.rule:
            blocks.append([("other", manner.rule)])
        if r.random() < manner.section:
            section = r.choice(_SECTIONS)
            blocks.append([("heading", section.upper() if manner.is_capital else section)])
        title, *text = r.choice(site.stories)
        title = title or site.teaser()
        head = [(role, site.fill(line)) for role, line in manner.source]
        head += [("headline", line) for line in _set(site, manner.headline, title, n)]
        head += [(role, site.fill(line)) for role, line in manner.under]
        blocks += [head, *body(_cut(r, text, manner))]
        blocks += [[(role, site.fill(line)) for role, line in manner.end]] if manner.end else []
    return blocks + _some(site, _OUTROS, 0.5) + site.furniture("bottom", r.choice([0, 0, 0, 1]))


def _choose(r: random.Random) -> _Manner:
    """A manner in which at least something parts the stories."""
    return _Manner(
        headline=r.choice(_HEADLINES),
        rule=r.choice(_RULES) if r.random() < 0.35 else None,
        section=r.choice([0, 0, 0, 0.3, 1]),
        is_capital=r.random() < 0.6,
        source=r.choice([[("timestamp", "{ago}")], [("byline", "{outlet}")]]) if r.random() < 0.1 else [],
        under=list(r.choice(_UNDER)) if r.random() < 0.4 else [],
        end=list(r.choice(_ENDS)) if r.random() < 0.4 else [],
        length=r.choice(["brief", "brief", "some", "some", "whole"]),
        is_one_line=r.random() < 0.15,
    )


def _some(site: Site, choices: tuple[Block, ...], chance: float) -> list[Block]:
    if not site.chance(chance):
        return []
    return [[(role, site.fill(line)) for role, line in site.random.choice(choices)]]


def _set(site: Site, form: str, title: str, n: int) -> list[str]:
    """The headline as the house sets it."""
    line = form.format(t=title, T=title.upper(), n=n, c=site.random.choice(_SECTIONS).upper(), o="{outlet}")
    return site.fill(line).split("\n")


def _cut(r: random.Random, text: list[str], manner: _Manner) -> list[str]:
    """A story's paragraphs at the house's length."""
    if manner.length == "brief":
        text = [" ".join(_SENTENCES.split(" ".join(text))[: r.randint(2, 5)])]
    elif manner.length == "some":
        text = text[: r.randint(2, 8)]
    return [" ".join(text)] if manner.is_one_line else text

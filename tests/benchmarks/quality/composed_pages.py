"""Pages composed of real articles with a site's furniture between them, made anew from a seed and never stored.

No line of furniture here stands in `training/line_roles/pages/`: what the reader learned from is not what it is measured on.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]  # a JSON object of the data files
_OUTLETS = (
    "Straits Herald",
    "CNBQ",
    "The Provincial",
    "Daily Tribune",
    "Asia Wire",
    "Globe and Star",
    "NewsDesk24",
    "Bayline",
)
_PEOPLE = ("Ines Okafor", "Marcus Tan", "J. P. Whitlock", "Sofia Brandt", "Arjun Mehta")
_AGES = ("just now", "an hour ago", "{n} hours ago", "{n}h ago", "{n} mins ago", "Yesterday", "{n} Jun 2025", "June {n}, 2025, 04:12 PM",
         "2025-06-{n}", "Posted {n} days ago", "Published: Thu, {n} Jun 2025 10:0{n} GMT")  # fmt: skip
_CREDITS = (
    "PHOTO: AFP",
    "PHOTO: {p}/REUTERS",
    "Photo: {p}",
    "(Image credit: {p}/Getty Images)",
    "PHOTO: ST FILE",
    "Picture: {o}",
)
_SIGN_OFFS = ("REUTERS", "AFP", "BLOOMBERG", "XINHUA", "AP", "(Reuters)", "- Reuters")
_PROMOS = (
    "Join {o}'s WhatsApp channel and get the latest news and must-reads.",
    "Get {o}'s newsletter delivered to your inbox every morning.",
    "Follow {o} on Telegram for breaking news and more.",
    "Download the {o} app to get the top stories of the day.",
    "Sign up now: receive the best of {o} in your mailbox daily.",
    "Subscribe to our YouTube channel for more videos.",
)
_BARS = (
    ("Share", "Copy Link", "Bookmark"), ("Facebook", "X", "WhatsApp", "Email"), ("Hashtags",), ("#diplomacy", "#asia"),
    ("Ask our AI", "What can {o} AI do for you today?"), ("Comments", "No comments yet..."), ("Leave a comment", "0 comments"),
    ("Advertisement",), ("Listen to this article", "3 min"), ("Terms of Use", "Privacy Policy"),
    ("Was this helpful?", "Yes", "No"), ("Report a mistake",), ("Thanks for reading!",), ("Save article", "Print"),
)  # fmt: skip
_RELATED = (
    "Related Articles",
    "You might be interested in",
    "More from {o}",
    "Also on {o}",
    "READ NEXT",
    "Similar stories",
    "",
)
_BOTTOM = (
    ("About {o}", "Careers", "Contact", "Help Centre"), ("© 2025 {o} Media. All rights reserved.",), ("Back to Top",),
    ("Download our app", "App Store", "Google Play"),
)  # fmt: skip
_TOP = (
    ("Home", "World", "Asia", "Business", "Sport"),
    ("Skip to content", "Log in", "Subscribe"),
    ("{o}",),
    ("World > Asia",),
    ("LIVE",),
)


@dataclass(frozen=True)
class ComposedPage:
    """A page's text and the bodies of its stories, the main one first."""

    text: str
    stories: tuple[frozenset[int], ...]  # offsets of the characters that are not white space


def compose_pages(articles: Sequence[Row], n_pages: int, seed: int) -> list[ComposedPage]:
    """Pages of one to five articles each, no article twice on a page."""
    return [_Composer(random.Random(f"{seed}-{i}")).compose(articles) for i in range(n_pages)]


class _Composer:
    """One page in the making, in the manner of one site."""

    def __init__(self, r: random.Random) -> None:
        self._r = r
        self._text = ""
        self._stories: list[frozenset[int]] = []
        self._age = r.choice(_AGES)
        self._blank = r.choice(("\n", "\n", "\n\n"))
        self._paragraph = r.choice(("\n", "\n", "\n\n"))

    def compose(self, articles: Sequence[Row]) -> ComposedPage:
        r = self._r
        main, *others = r.sample(articles, r.choice((1, 2, 3, 4, 4, 5)))
        if r.random() < 0.3:
            self._furniture(r.sample(_TOP, r.randint(1, 3)))
        self._line(main["title"])
        self._head(r.choice((0, 1, 1, 2)))
        self._body(main, is_one_line=r.random() < 0.1)
        self._furniture(r.sample(_BARS, r.randint(1, 5)))
        if others:
            self._furniture([(r.choice(_RELATED),)])
        is_one_line, has_promo, form = r.random() < 0.7, r.random() < 0.6, r.randint(0, 3)
        for other in others:
            self._text += self._blank
            self._source(form)
            self._line(other["title"])
            self._body(other, is_one_line=is_one_line, has_promo=has_promo)
        if r.random() < 0.3:
            self._furniture(r.sample(_BOTTOM, r.randint(1, 3)))
        return ComposedPage(self._text, tuple(self._stories))

    def _head(self, n: int) -> None:
        """Byline, time or caption under a headline."""
        r = self._r
        for _ in range(n):
            caption = f"{r.choice(_PEOPLE)} at a hearing on {self._fill(self._age)}. {r.choice(_CREDITS)}"
            self._line(r.choice((f"By {r.choice(_PEOPLE)}", self._age, f"{r.choice(_PEOPLE)} | {self._age}", caption)))

    def _source(self, form: int) -> None:
        """The lines above another story's headline, one way for the whole page."""
        outlet = self._r.choice(_OUTLETS)
        for line in (
            (outlet, self._age, f"- {outlet}"),
            (outlet, self._age),
            (f"{outlet} · {self._age}",),
            (self._age,),
        )[form]:
            self._line(line)

    def _body(self, article: Row, *, is_one_line: bool, has_promo: bool = True) -> None:
        r = self._r
        lines = [line.strip() for line in article["text"].split("\n") if line.strip()]
        if is_one_line:
            lines = [" ".join(lines)]
        elif len(lines) == 1:
            sentences = re.split(r"(?<=[.!?][\"”’' ])(?<= )(?=[A-Z\"“‘'])", lines[0])
            n = r.randint(1, 3)
            lines = ["".join(sentences[i : i + n]).strip() for i in range(0, len(sentences), n)]
        if is_one_line and r.random() < 0.25:
            lines[0] = f"{r.choice(('HONG KONG', 'WASHINGTON', 'PARIS'))} - {lines[0]}"
            self._text += self._fill(f"The talks went on, officials said. {r.choice(_CREDITS[:2])} ")
        offsets: list[int] = []
        for line in lines:
            start = len(self._text)
            self._text += line
            offsets += [start + i for i, character in enumerate(line) if not character.isspace()]
            if line is not lines[-1]:
                self._text += self._paragraph
        self._stories.append(frozenset(offsets))
        tail = [r.choice(_SIGN_OFFS)] if r.random() < 0.5 and lines[-1][-1] in ".\"'”’" else []
        promo = [self._fill(r.choice(_PROMOS))] if has_promo else []
        if promo and not is_one_line:
            self._text += " ".join(["", *tail]) + "\n" + promo[0]
        else:
            self._text += " ".join(["", *tail, *promo])
        self._text = self._text.rstrip() + "\n"

    def _furniture(self, blocks: Sequence[Sequence[str]]) -> None:
        for block in blocks:
            for line in block:
                self._line(line)
            if self._r.random() < 0.3:
                self._text += self._blank

    def _line(self, line: str) -> None:
        if line:
            self._text += self._fill(line) + "\n"

    def _fill(self, line: str) -> str:
        r = self._r
        return (
            line.replace("{o}", r.choice(_OUTLETS))
            .replace("{p}", r.choice(_PEOPLE))
            .replace("{n}", str(r.randint(2, 9)))
        )

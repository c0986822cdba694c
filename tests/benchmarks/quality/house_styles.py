"""Pages of real articles in the styles of many houses, made anew from a seed and never stored.

Each style is a function that lays articles out on a sheet. No line of furniture here stands in `training/line_roles/`:
what the reader learned from is not what it is measured on.
"""

import random
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]  # a JSON object of the data files

_PAPERS = ("Straits Herald", "The Provincial", "Asia Wire", "NewsDesk24", "Bayline", "Globe and Star")
_WRITERS = ("Ines Okafor", "Marcus Tan", "J. P. Whitlock", "Sofia Brandt", "Arjun Mehta")
_SECTIONS = (
    "World",
    "Asia",
    "Business",
    "Money",
    "Sport",
    "Opinion",
    "Arts",
    "Weather",
    "Jobs",
    "Property",
    "Motoring",
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’]?\s+(?=[A-Z\"“])")


@dataclass(frozen=True)
class StyledPage:
    """A page's text, and from where to where each story may be said to start, from its headline to the end of its
    first paragraph, the main one first; and the main one alone, as the page has it."""

    text: str
    starts: tuple[tuple[int, int], ...]
    title: str
    main: str


class Sheet:
    """A page in the making."""

    def __init__(self, r: random.Random) -> None:
        self.random = r
        self.paper = r.choice(_PAPERS)
        self._text = ""
        self._head: int | None = None
        self._starts: list[tuple[int, int]] = []
        self._main: list[str] = []

    def put(self, *lines: str) -> None:
        """Lines of furniture; an empty one is a blank line."""
        self._text += "".join(f"{line}\n" for line in lines)

    def head(self, line: str, *others: str) -> None:
        """The headline of the next story, and what stands under it."""
        self._head = len(self._text)
        self.put(line, *others)

    def story(self, paragraphs: Sequence[str], *, blank: bool = False) -> None:
        """The body of a story that starts here or with the headline above."""
        here = len(self._text)
        self._starts.append((here if self._head is None else self._head, here + len(paragraphs[0])))
        self._head = None
        self.go_on(paragraphs, blank=blank)

    def go_on(self, paragraphs: Sequence[str], *, blank: bool = False) -> None:
        """More paragraphs of the story before."""
        if len(self._starts) == 1:
            self._main += paragraphs
        for paragraph in paragraphs:
            self.put(paragraph, *[""] * blank)

    def date(self) -> str:
        """A day of one month."""
        return f"{self.random.randint(1, 28)} June 2025"

    def page(self, title: str) -> StyledPage:
        """What was laid out; title: the main story's."""
        return StyledPage(self._text, tuple(self._starts), title, "\n\n".join(self._main))


def compose_styled(style: str, articles: Sequence[Row], n_pages: int, seed: int) -> list[StyledPage]:
    """Pages in one style, no article twice on a page."""
    return [_compose(STYLES[style], articles, random.Random(f"{style}-{seed}-{i}")) for i in range(n_pages)]


def _compose(lay_out: Callable[[Sheet, Sequence[Row]], None], articles: Sequence[Row], r: random.Random) -> StyledPage:
    sheet = Sheet(r)
    chosen = r.sample(articles, 5)
    lay_out(sheet, chosen)
    return sheet.page(chosen[0]["title"])


def paragraphs_of(article: Row, n_most: int | None = None) -> list[str]:
    """The paragraphs of an article, of a few sentences each."""
    lines = [" ".join(line.split()) for line in str(article["text"]).split("\n") if line.strip()]
    if len(lines) == 1:
        sentences = _SENTENCE.split(lines[0])
        lines = [" ".join(sentences[i : i + 2]) for i in range(0, len(sentences), 2)]
    return lines[:n_most]


def _brief_of(article: Row) -> str:
    """The first sentences of an article, as long as a brief."""
    sentences, brief = _SENTENCE.split(" ".join(paragraphs_of(article))), ""
    for sentence in sentences:
        brief = f"{brief} {sentence}".strip()
        if len(brief) >= 250:
            break
    return brief[:700]


def _aggregator(sheet: Sheet, articles: Sequence[Row]) -> None:
    for n, article in enumerate(articles):
        if n == 1:
            sheet.put("", "Similar stories", "")
        sheet.put(sheet.random.choice(_PAPERS), f"{sheet.random.randint(2, 9)} hours ago")
        sheet.head(article["title"])
        sheet.story(paragraphs_of(article))
        sheet.put("")


def _under_menu(sheet: Sheet, articles: Sequence[Row]) -> None:
    sheet.put("Log in", "Subscribe", *sheet.random.sample(_SECTIONS, 8), "Today's paper", "Crossword", "")
    for n, article in enumerate(articles[:2]):
        sheet.head(article["title"], f"By {sheet.random.choice(_WRITERS)}", sheet.date())
        sheet.story(paragraphs_of(article))
        sheet.put("Share", "Bookmark", *(["Also on this page"] if n == 0 else []), "")
    sheet.put("Terms of Use", f"© 2025 {sheet.paper} Media")


def _among_teasers(sheet: Sheet, articles: Sequence[Row]) -> None:
    for article in articles[1:3]:
        sheet.put(article["title"], f"{_brief_of(article)[:110]}...", "")
    sheet.head(articles[0]["title"], f"{sheet.random.choice(_WRITERS)} | {sheet.date()}")
    sheet.story(paragraphs_of(articles[0]))
    sheet.put("", "You might be interested in")
    for article in articles[3:]:
        sheet.put(article["title"], f"{_brief_of(article)[:110]}...")


def _rules(sheet: Sheet, articles: Sequence[Row]) -> None:
    rule = sheet.random.choice(("-----", "-" * 30, "__________", "* * * * *"))
    sheet.head(articles[0]["title"].upper())
    sheet.story(paragraphs_of(articles[0]))
    for n, article in enumerate(articles[1:4]):
        sheet.put(rule, *(["ALSO IN THE NEWS"] if n == 0 else []))
        sheet.head(article["title"].upper())
        sheet.story(paragraphs_of(article))


def _digest(sheet: Sheet, articles: Sequence[Row]) -> None:
    sheet.put("Good morning, and welcome to your Tuesday briefing.", "")
    for n, article in enumerate(articles[:4], 1):
        sheet.head(f"{n}. {article['title']}")
        sheet.story(paragraphs_of(article, 6))
        sheet.put("Read the full story", "")
    sheet.put("That's all for today. See you tomorrow.", sheet.random.choice(_WRITERS))


def _round_up(sheet: Sheet, articles: Sequence[Row]) -> None:
    sheet.put(f"{sheet.random.choice(('WORLD', 'BUSINESS', 'NATION'))} NEWS IN BRIEF", sheet.date(), "")
    for article in articles:
        sheet.head(article["title"])
        sheet.story([_brief_of(article)])
        sheet.put("")


def _mailing(sheet: Sheet, articles: Sequence[Row]) -> None:
    sheet.put(f"From: {sheet.paper} <mail@example.org>", "To: readers@example.org", "Subject: The week in review", "")
    sheet.put("Dear reader,", "here is what our desk would not want you to miss.", "")
    for article in articles[:3]:
        sheet.put("* * *", "")
        sheet.head(article["title"], "")
        sheet.story(paragraphs_of(article, 5), blank=True)
        sheet.put(f"Continue at https://example.org/{sheet.random.randint(1000, 9999)}", "")
    sheet.put("You receive this because you signed up.", "Forward to a friend | Leave this list")


def _print_sections(sheet: Sheet, articles: Sequence[Row]) -> None:
    for section, article in zip(sheet.random.sample(_SECTIONS, 4), articles[:4], strict=True):
        sheet.put(section.upper())
        sheet.head(article["title"], sheet.random.choice(_WRITERS))
        sheet.story(paragraphs_of(article, 8))


def _feed(sheet: Sheet, articles: Sequence[Row]) -> None:
    for article in articles[:4]:
        sheet.head(f"Title: {article['title']}", f"Link: https://example.org/a/{sheet.random.randint(10000, 99999)}")
        sheet.put(f"Date: Tue, {sheet.random.randint(10, 28)} Jun 2025 06:1{sheet.random.randint(0, 9)}:00 +0000")
        sheet.story(paragraphs_of(article, 7))
        sheet.put("")


def _sheets_of_paper(sheet: Sheet, articles: Sequence[Row]) -> None:
    """As a PDF's text: wrapped lines, with a number and a running head between some paragraphs."""
    number = sheet.random.randint(2, 30)
    for article in articles[:2]:
        sheet.head(article["title"], f"By {sheet.random.choice(_WRITERS)}", "")
        wrapped = [textwrap.fill(paragraph, 72) for paragraph in paragraphs_of(article)]
        sheet.story(wrapped[:5], blank=True)
        for i in range(5, len(wrapped), 5):
            number += 1
            sheet.put(str(number), "", f"{sheet.paper}          Tuesday, {sheet.date()}", "")
            sheet.go_on(wrapped[i : i + 5], blank=True)


def _live(sheet: Sheet, articles: Sequence[Row]) -> None:
    sheet.head(f"{articles[0]['title']} - live", "")
    paragraphs = [text for text in paragraphs_of(articles[0], 12) if len(text) > 80 and text[-1] == "."]
    hour = 20
    sheet.put(f"{hour}.4{sheet.random.randint(0, 9)} BST")
    sheet.story((paragraphs or paragraphs_of(articles[0]))[:2])
    for i in range(2, len(paragraphs), 2):
        hour -= 1
        sheet.put(f"{hour}.{sheet.random.randint(10, 59)} BST")
        sheet.go_on(paragraphs[i : i + 2])


def _forum(sheet: Sheet, articles: Sequence[Row]) -> None:
    sheet.head(articles[0]["title"], f"{sheet.paper}, {sheet.date()}")
    sheet.story(paragraphs_of(articles[0]))
    sheet.put("", "17 posts", "Sort by: newest")
    for article in articles[1:]:
        name = f"{sheet.random.choice(('old', 'north', 'quiet'))}_{sheet.random.choice(('otter', 'pilot', 'miller'))}"
        words = _brief_of(article).split()
        sheet.put(name, f"{sheet.random.randint(2, 20)} June, 0{sheet.random.randint(1, 9)}:14")
        sheet.put(f"Well, {' '.join(words[: sheet.random.randint(15, 40)])}, if you ask me", "Like (3)   Quote", "")


def _magazine(sheet: Sheet, articles: Sequence[Row]) -> None:
    """Captions, pull quotes, sub-headings, a correction and the author's biography around one story."""
    writer, paragraphs = sheet.random.choice(_WRITERS), paragraphs_of(articles[0])
    sheet.head(articles[0]["title"], f"Words by {writer}", f"The scene on {sheet.date()}. Picture: {sheet.paper}")
    sheet.story(paragraphs[:3])
    for i in range(3, len(paragraphs), 3):
        quote = _SENTENCE.split(paragraphs[i - 1])[0]
        sheet.put(sheet.random.choice((f"“{quote}”", "What happened next", f"Above: {articles[0]['title'][:40]}")))
        sheet.go_on(paragraphs[i : i + 3])
    sheet.put(f"This article was amended on {sheet.date()} to correct a name.")
    sheet.put(f"{writer} writes about politics for {sheet.paper} and lives by the sea.")


def _two_columns(sheet: Sheet, articles: Sequence[Row]) -> None:
    """A side column set into the text line by line, and another paper's choice below."""
    side = [f"{section} {sheet.random.choice(('>>', '+', '|'))}" for section in _SECTIONS]
    sheet.put("   ".join(_SECTIONS[:6]), "")
    sheet.head(articles[0]["title"])
    paragraphs = paragraphs_of(articles[0])
    sheet.story(paragraphs[:1])
    for paragraph in paragraphs[1:]:
        if sheet.random.random() < 0.4:
            sheet.put(sheet.random.choice((*side, articles[3]["title"], "Most shared this week")))
        sheet.go_on([paragraph])
    sheet.put("", f"More from {sheet.paper}")
    for article in articles[1:3]:
        sheet.put("")
        sheet.head(article["title"], sheet.date())
        sheet.story(paragraphs_of(article, 8))


STYLES: dict[str, Callable[[Sheet, Sequence[Row]], None]] = {
    "aggregator": _aggregator,
    "under a menu": _under_menu,
    "among teasers": _among_teasers,
    "parted by rules": _rules,
    "numbered digest": _digest,
    "round-up in brief": _round_up,
    "mailing": _mailing,
    "print sections": _print_sections,
    "feed": _feed,
    "sheets of paper": _sheets_of_paper,
    "live blog": _live,
    "forum": _forum,
    "magazine": _magazine,
    "two columns": _two_columns,
}

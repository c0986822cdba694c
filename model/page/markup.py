"""A page's markup as text: cleaned of what nobody sees, its main text found by trafilatura, and nothing of it lost.

trafilatura chooses the main text. Around it stands what we know of pages: hidden parts, consent and footnote marks go
before it looks, tables that only lay out a page become blocks; and lists, headings and paragraphs that it passed over
amid the text come back. Runs in the worker process (html_worker.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import trafilatura
from lxml.html import HtmlElement

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset(
    (*_HEADINGS, "p", "li", "blockquote", "pre", "dd", "dt", "figcaption", "td", "th", "div", "section")
)
_LISTS = ("ul", "ol")
_NOT_TEXT = ("nav", "aside", "footer", "form", "figure", "button", "select", "noscript", "header")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CONSENT = re.compile(
    r"cookie|consent|gdpr|ccpa|onetrust|didomi|truste\b|quantcast|usercentrics|sp_message|privacy-(?:cent|pref|banner)|"
    r"pref(?:erence)?-cent",
    re.IGNORECASE,
)
_CONSENT_WORDS = re.compile(r"cookies?|consent|privacy|personal (?:data|information)|tracking", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\s*[\[(]?(?:\d{1,3}|[*†‡§a-z])[\])]?\s*")
_ENDS = re.compile(r"[.!?,;:…\"'”’)\]]\s*$")
_MAX_HIDDEN = 0.5  # share of the page's text: what holds more is shown by a script later
_MIN_LEFT = 100  # characters of a page beside its consent box
_LAYOUT_CELL = 150  # characters of a cell that holds running text
_MIN_PROSE = 60
_KEY = 40  # letters and digits that tell a line
_SURE_KEY = 15  # of them are enough where a line break cut the rest
_HEAD = 6  # lines at the top among which the headline stands
_MAX_LINKED = 0.5  # share of a block's text inside links: more is a menu or a teaser
_MIN_STORY = 200  # characters of an <article> that is a story of its own and no teaser
_MIN_ITEM = 60  # the same for a section of a newsletter


_CELL = "copydesk-cell"  # marks a cell of a table that only lays out the page


@dataclass(frozen=True)
class Markup:
    """What a page's markup says.

    text: one paragraph a line; title: the one that the page gives itself; headlines: where in the text the headline
    of each of its stories begins.
    """

    text: str
    title: str | None = None
    headlines: tuple[int, ...] = ()


def read_markup(page: str) -> Markup:
    """The main text of a page; all visible text when no main text is found."""
    if "<body" not in page.lower():
        page = f"<html><body>{page}</body></html>"
    tree = trafilatura.load_html(page)
    if tree is None:
        return Markup("")
    title = _find_title(tree)
    _clean(tree)
    stories = _find_stories(tree)
    if len(stories) > 1:
        return _join(stories, title)
    blocks = list(_find_blocks(tree))
    text = trafilatura.extract(tree, include_comments=False, include_tables=True)
    if not text:
        return Markup(trafilatura.html2txt(page) or "", title)
    lines = _restore(text.split("\n"), blocks)
    return Markup("\n".join(lines), title, _find_headline(lines, blocks))


def _find_title(tree: HtmlElement) -> str | None:
    """og:title, else <title> without the site's name behind a bar."""
    for found in (tree.xpath("//meta[@property='og:title']/@content"), tree.xpath("//head/title/text()")):
        if found and (title := _squeeze(found[0])):
            return re.split(r"\s+[|•·»]\s+", title)[0]
    return None


# --- before trafilatura looks


def _clean(tree: HtmlElement) -> None:
    n_characters = max(1, len(tree.text_content()))
    for element in tree.xpath(
        "//script | //style | //template | //*[@hidden] | //*[@style] | //*[@aria-hidden='true']"
    ):
        if element.tag in ("script", "style", "template") or _is_hidden(element):
            _drop(element, round(_MAX_HIDDEN * n_characters))
    for element in tree.xpath("//*[@role='dialog' or @role='alertdialog' or @id or @class]"):
        if _is_consent(element):
            _drop(element, n_characters - _MIN_LEFT)
    for mark in tree.xpath("//sup"):
        if _is_footnote(mark):
            mark.drop_tree()
    for table in tree.xpath("//table"):
        if _is_layout(table):
            _dissolve(table)
        else:
            _flatten_lists(table)
    for heading in tree.xpath("//h1 | //h2 | //h3"):
        _close_heading(heading)


def _is_hidden(element: HtmlElement) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or _HIDDEN.search(element.get("style", "")) is not None
    )


def _is_consent(element: HtmlElement) -> bool:
    """A dialog or box that is named for consent, or a dialog that speaks of it."""
    is_dialog = element.get("role") in ("dialog", "alertdialog")
    is_named = _CONSENT.search(f"{element.get('id', '')} {element.get('class', '')}") is not None
    if not (is_dialog or is_named) or element.tag in ("html", "body", "main", "article"):
        return False
    return len(_CONSENT_WORDS.findall(element.text_content())) >= 2


def _drop(element: HtmlElement, max_characters: int) -> None:
    """Take the element out unless it holds more than so many characters: then it is what the page is about."""
    if element.getparent() is not None and len(element.text_content()) <= max_characters:
        element.drop_tree()


def _is_footnote(mark: HtmlElement) -> bool:
    """A number behind a full stop, or that links to a note; not an exponent."""
    text = mark.text_content()
    if not text.strip() or not _FOOTNOTE.fullmatch(text):
        return False
    before = mark.getprevious()
    lead = (before.tail or before.text_content()) if before is not None else (mark.getparent().text or "")
    links = mark.xpath(".//a[starts-with(@href, '#')]")
    return bool(links or _ENDS.search(lead or ""))


def _is_layout(table: HtmlElement) -> bool:
    """It holds headings, other tables or running text, where a table of data holds figures and names."""
    if table.xpath(".//table | .//h1 | .//h2 | .//h3"):
        return True
    return any(
        len(cell.text_content()) >= _LAYOUT_CELL and cell.xpath(".//p | .//div | .//br")
        for cell in table.xpath(".//td")
    )


def _dissolve(table: HtmlElement) -> None:
    for part in list(table.iter("table", "tbody", "thead", "tr", "td", "th")):
        if part.tag in ("td", "th"):
            part.set(_CELL, "")
        part.tag = "div"


def _flatten_lists(table: HtmlElement) -> None:
    """Lists in cells become the cell's text: what reads tables passes over them."""
    for item in table.xpath(".//td//li | .//th//li"):
        item.tail = f"; {item.tail or ''}" if item.getnext() is not None else item.tail
    for part in table.xpath(".//td//*[self::ul or self::ol or self::li] | .//th//*[self::ul or self::ol or self::li]"):
        if part.tag in _LISTS:
            part.text = f" {part.text or ''}"
        part.drop_tag()


def _close_heading(heading: HtmlElement) -> None:
    """A heading that was never closed ends where its first paragraph begins."""
    children = list(heading)
    first = next((i for i, child in enumerate(children) if child.tag in ("p", "div", "ul", "ol", "table")), None)
    if first is None or heading.getparent() is None:
        return
    at = heading.getparent().index(heading) + 1
    tail, heading.tail = heading.tail, None
    for n, child in enumerate(children[first:]):
        heading.getparent().insert(at + n, child)
    if tail:
        children[-1].tail = (children[-1].tail or "") + tail


# --- blocks of text


@dataclass(frozen=True)
class _Block:
    """An element with text of its own."""

    element: HtmlElement
    text: str

    @property
    def tag(self) -> str:
        return str(self.element.tag)

    @cached_property
    def linked(self) -> float:
        """Share of its text that stands inside links."""
        inside = sum(len(_squeeze(link.text_content())) for link in self.element.xpath("descendant-or-self::a"))
        return inside / max(1, len(self.text))

    @cached_property
    def is_aside(self) -> bool:
        """Inside a part of the page that is no text."""
        return any(parent.tag in _NOT_TEXT for parent in self.element.iterancestors())


def _find_blocks(tree: HtmlElement) -> Iterator[_Block]:
    """The innermost blocks that hold text, in order."""
    for element in tree.iter(*_BLOCKS):
        if any(child.tag in _BLOCKS or child.tag in _LISTS for child in element.iterdescendants()):
            continue
        if text := _squeeze(element.text_content()):
            yield _Block(element, text)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


# --- after trafilatura has looked


def _restore(lines: list[str], blocks: list[_Block]) -> list[str]:
    """trafilatura's lines with the page's headline, and with what it passed over between them."""
    place: dict[str, int] = {}
    for i, line in enumerate(lines):
        if key := _key(line):
            place.setdefault(key, i)
    found = [_find_line(place, _key(block.text)) for block in blocks]
    first = next((n for n, i in enumerate(found) if i is not None), None)
    if first is None:
        return lines
    last = max(n for n, i in enumerate(found) if i is not None)
    added: dict[int, list[str]] = {}
    has_headline = any(block.tag == "h1" and i is not None for block, i in zip(blocks, found, strict=True))
    headline = None if has_headline else _headline_above(blocks, first)
    after = -1
    if headline is not None:
        added[-1] = [blocks[headline].text]
    for n in range(first if headline is None else headline + 1, last + 1):
        at = found[n]
        if at is not None:
            after = max(after, at)
        elif _is_of_the_text(blocks, found, n):
            mark = "- " if blocks[n].tag == "li" else ""
            added.setdefault(after, []).append(f"{mark}{blocks[n].text}")
    merged = list(added.get(-1, ()))
    for i, line in enumerate(lines):
        merged += [line, *added.get(i, ())]
    return merged


def _find_line(place: dict[str, int], key: str) -> int | None:
    """The line that a block became, or whose break cut the block: then it is where the block begins."""
    return next((place[key[:n]] for n in range(len(key), min(len(key), _SURE_KEY) - 1, -1) if key[:n] in place), None)


def _headline_above(blocks: list[_Block], first: int) -> int | None:
    """The heading of the page that stands above its first line, the nearest of the highest rank."""
    above = [n for n in range(first) if blocks[n].tag == "h1"]
    near = [n for n in range(max(0, first - 3), first) if blocks[n].tag in ("h2", "h3")]
    return (above or near or [None])[-1]


def _is_of_the_text(blocks: list[_Block], found: list[int | None], n: int) -> bool:
    """A list, heading or paragraph amid what was kept, that leads nowhere else."""
    block = blocks[n]
    if block.is_aside or block.linked > _MAX_LINKED:
        return False
    container = block.element.getparent()
    if block.tag == "li":
        container = container.getparent() if container is not None else None
    has_neighbour = any(
        found[m] is not None and container is not None and container in blocks[m].element.iterancestors()
        for m in range(max(0, n - 12), min(len(blocks), n + 13))
    )
    if block.tag == "li" or block.tag in _HEADINGS:
        return has_neighbour
    return has_neighbour and block.tag in ("p", "blockquote") and len(block.text) >= _MIN_PROSE


def _key(line: str) -> str:
    """What a line and its block have in common: the block may go on behind a line break."""
    return re.sub(r"\W+", "", line[: 2 * _KEY]).lower()[:_KEY]


def _find_headline(lines: list[str], blocks: list[_Block]) -> tuple[int, ...]:
    """Where the first line stands that is an <h1>, or the only heading above the text; none where there is none."""
    headings = {_key(block.text) for block in blocks if block.tag == "h1"}
    at = next((i for i, line in enumerate(lines[:_HEAD]) if _key(line) in headings), None)
    return () if at is None else (sum(len(line) + 1 for line in lines[:at]),)


# --- several stories


def _find_stories(tree: HtmlElement) -> list[list[_Block]]:
    """The blocks of each story, where the markup says that there are several: <article>s, or a newsletter's cells."""
    articles = [_own_blocks(part) for part in tree.xpath("//article[not(ancestor::article)]")]
    stories = [blocks for blocks in articles if _is_story(blocks, _MIN_STORY)]
    if len(stories) > 1:
        return stories
    cells = [_own_blocks(part) for part in tree.xpath(f"//*[@{_CELL}][not(.//*[@{_CELL}])]")]
    return [blocks for blocks in cells if _is_story(blocks, _MIN_ITEM)]


def _own_blocks(part: HtmlElement) -> list[_Block]:
    return [block for block in _find_blocks(part) if not block.is_aside and block.linked <= _MAX_LINKED]


def _is_story(blocks: list[_Block], least: int) -> bool:
    has_heading = any(block.tag in _HEADINGS for block in blocks)
    return has_heading and sum(len(b.text) for b in blocks if b.tag == "p" and len(b.text) >= _MIN_PROSE) >= least


def _join(stories: list[list[_Block]], title: str | None) -> Markup:
    lines: list[str] = []
    starts = []
    for story in stories:
        first = next(n for n, block in enumerate(story) if block.tag in _HEADINGS)
        starts.append(sum(len(line) + 1 for line in lines))
        lines += [f"- {block.text}" if block.tag == "li" else block.text for block in story[first:]]
    return Markup("\n".join(lines), title, tuple(starts))

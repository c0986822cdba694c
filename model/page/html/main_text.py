"""A page's main text, as trafilatura finds it, and nothing of it lost.

trafilatura chooses the main text of a cleaned page. What it passes over amid that text comes back: the headline, lists,
headings and paragraphs that lead nowhere else. Where the markup itself parts several stories, they are taken as they
stand. For the worker process.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import trafilatura
from lxml.html import HtmlElement

from copydesk.model.page.html.blocks import HEADINGS, Block, find_blocks, key_of, squeeze
from copydesk.model.page.html.cleaning import CELL, clean
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.stated import find_stated

_SITE_NAME = re.compile(r"\s+[|•·»]\s+")  # what parts a title from the site's name
_MIN_PROSE = 60  # characters of a paragraph that tells something
_MAX_LINKED = 0.5  # share of a block's text inside links: more is a menu or a teaser
_MIN_ALIKE = 3  # paragraphs of the text that are set as one below it
_ALL_LINKED = 0.95
_MAX_LINK = 200  # characters
_ENDS = re.compile(r"[.!?…:;][\"'”’)\]]*$")
_SURE_KEY = 15  # letters that tell a line where a line break cut the rest of its block
_HEAD = 6  # lines at the top among which the headline stands
_NEAR = 3  # blocks above the text among which a lower heading is its headline
_REACH = 12  # blocks to either side among which a part of the text has a neighbour
_MIN_STORY = 200  # characters of an <article> that is a story of its own and no teaser
_MIN_ITEM = 60  # the same for a part of a newsletter


def read_markup(page: str) -> Markup:
    """The main text of a page, and what it says of itself; all visible text when no main text is found."""
    if "<body" not in page.lower():
        page = f"<html><body>{page}</body></html>"
    tree = trafilatura.load_html(page)
    if tree is None:
        return Markup("", None, ())
    stated = find_stated(tree)
    return replace(_read_text(tree, page), **stated)


def _read_text(tree: HtmlElement, page: str) -> Markup:
    title = _find_title(tree)
    clean(tree)
    stories = _find_stories(tree)
    if len(stories) > 1:
        return _join(stories, title)
    blocks = list(find_blocks(tree))
    text = trafilatura.extract(tree, include_comments=False, include_tables=True)
    if not text:
        return Markup(trafilatura.html2txt(page) or "", title, ())
    lines = _restore(text.split("\n"), blocks)
    return Markup("\n".join(lines), title, _find_headline(lines, blocks))


def _find_title(tree: HtmlElement) -> str | None:
    """og:title, else <title> without the site's name behind a bar."""
    for found in (tree.xpath("//meta[@property='og:title']/@content"), tree.xpath("//head/title/text()")):
        if found and (title := squeeze(found[0])):
            return _SITE_NAME.split(title)[0]
    return None


def _restore(lines: Sequence[str], blocks: Sequence[Block]) -> list[str]:
    """The lines with the page's headline, and with what was passed over between them."""
    places = {key: i for i, line in reversed(list(enumerate(lines))) if (key := key_of(line))}
    found = [_find_line(places, key_of(block.text)) for block in blocks]
    kept = [n for n, place in enumerate(found) if place is not None]
    if not kept:
        return list(lines)
    added: dict[int, list[str]] = {}
    first = kept[0]
    if not any(blocks[n].tag == "h1" for n in kept) and (above := _headline_above(blocks, first)) is not None:
        added[-1] = [blocks[above].line]
        first = above + 1
    after = -1
    for n in range(first, kept[-1] + 1):
        place = found[n]
        if place is not None:
            after = max(after, place)
        elif _belongs(blocks[n], [blocks[m] for m in _near(kept, n)]):
            added.setdefault(after, []).append(blocks[n].line)
    going_on = [blocks[n].line for n in _going_on(blocks, kept)]
    links = {place for n, place in enumerate(found) if place is not None and _leads_away(blocks[n])}
    whole = list(added.get(-1, ()))
    for i, line in enumerate(lines):
        whole += [*[line] * (i not in links), *added.get(i, ())]
    return whole + going_on


def _going_on(blocks: Sequence[Block], kept: Sequence[int]) -> list[int]:
    """The paragraphs below the text that are set as its own are: a site had put something between the two."""
    own = Counter(_setting(blocks[n]) for n in kept if blocks[n].tag == "p")
    below = range(kept[-1] + 1, len(blocks))
    return [n for n in below if _is_paragraph(blocks[n]) and own[_setting(blocks[n])] >= _MIN_ALIKE]


def _is_paragraph(block: Block) -> bool:
    return block.tag == "p" and len(block.text) >= _MIN_PROSE and not block.is_aside and block.linked <= _MAX_LINKED


def _setting(block: Block) -> tuple[str, ...]:
    """The classes of a block and of the three elements around it."""
    around = [block.element, *islice(block.element.iterancestors(), 3)]
    return tuple(f"{part.tag} {part.get('class', '')}" for part in around)


def _leads_away(block: Block) -> bool:
    """A paragraph that is nothing but a link to something else."""
    is_whole = block.tag in ("p", "div") and block.linked >= _ALL_LINKED and len(block.text) <= _MAX_LINK
    return is_whole and not _ENDS.search(block.text)


def _near(kept: Sequence[int], n: int) -> Sequence[int]:
    """The kept blocks around the n-th."""
    return kept[bisect_left(kept, n - _REACH) : bisect_right(kept, n + _REACH)]


def _find_line(places: dict[str, int], key: str) -> int | None:
    """The line that a block became, or where it begins if it was cut into several."""
    lengths = range(len(key), min(len(key), _SURE_KEY) - 1, -1)
    return next((places[key[:n]] for n in lengths if key[:n] in places), None)


def _headline_above(blocks: Sequence[Block], first: int) -> int | None:
    """The heading above the text: the nearest <h1>, else a lower one just above."""
    highest = [n for n in range(first) if blocks[n].tag == "h1"]
    near = [n for n in range(max(0, first - _NEAR), first) if blocks[n].tag in ("h2", "h3")]
    return max(highest or near, default=None)


def _belongs(block: Block, kept: Sequence[Block]) -> bool:
    """A list, heading or paragraph beside what was kept, that leads nowhere else."""
    is_text = block.tag in (*HEADINGS, "li") or (block.tag in ("p", "blockquote") and len(block.text) >= _MIN_PROSE)
    if not is_text or block.is_aside or block.linked > _MAX_LINKED:
        return False
    container = block.element.getparent()
    if block.tag == "li" and container is not None:
        container = container.getparent()
    return container is not None and any(container in near.element.iterancestors() for near in kept)


def _find_headline(lines: Sequence[str], blocks: Sequence[Block]) -> tuple[int, ...]:
    """Where the first line stands that is an <h1>, if one of the first is."""
    headings = {key_of(block.text) for block in blocks if block.tag == "h1"}
    at = next((i for i, line in enumerate(lines[:_HEAD]) if key_of(line) in headings), None)
    return () if at is None else (sum(len(line) + 1 for line in lines[:at]),)


def _find_stories(tree: HtmlElement) -> list[list[Block]]:
    """The blocks of each story where the markup says that there are several: <article>s, or parts of a newsletter."""
    articles = [_own_blocks(part) for part in tree.xpath("//article[not(ancestor::article)]")]
    stories = [blocks for blocks in articles if _is_story(blocks, _MIN_STORY)]
    if len(stories) > 1:
        return stories
    cells = [_own_blocks(part) for part in tree.xpath(f"//*[@{CELL}][not(.//*[@{CELL}])]")]
    return [blocks for blocks in cells if _is_story(blocks, _MIN_ITEM)]


def _own_blocks(part: HtmlElement) -> list[Block]:
    return [block for block in find_blocks(part) if not block.is_aside and block.linked <= _MAX_LINKED]


def _is_story(blocks: Sequence[Block], least: int) -> bool:
    n_characters = sum(len(b.text) for b in blocks if b.tag == "p" and len(b.text) >= _MIN_PROSE)
    return n_characters >= least and any(block.tag in HEADINGS for block in blocks)


def _join(stories: Sequence[Sequence[Block]], title: str | None) -> Markup:
    """The stories one under the other, each from its first heading on."""
    lines: list[str] = []
    headlines = []
    for story in stories:
        first = next(n for n, block in enumerate(story) if block.tag in HEADINGS)
        headlines.append(sum(len(line) + 1 for line in lines))
        lines += [block.line for block in story[first:]]
    return Markup("\n".join(lines), title, tuple(headlines))

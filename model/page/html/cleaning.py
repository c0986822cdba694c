"""A page's markup without hidden parts, consent and footnote marks; tables that only lay out become blocks."""

import re

from lxml.html import HtmlElement

from copydesk.model.page.html.blocks import LISTS

CELL = "copydesk-cell"  # marks what was a cell of a table that only lays out the page
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DATA = "application/ld+json"  # a script that holds the article itself, at times
_NEVER_SEEN = f"//script[not(@type='{_DATA}')] | //style | //template"
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


def clean(tree: HtmlElement) -> None:
    """Clean the tree in place."""
    n_characters = max(1, len(tree.text_content()))
    for element in tree.xpath(f"{_NEVER_SEEN} | //*[@hidden or @style or @aria-hidden]"):
        if element.tag in ("script", "style", "template"):
            _drop(element, n_characters)
        elif _is_hidden(element):
            _drop(element, round(_MAX_HIDDEN * n_characters))
    for element in tree.xpath("//*[@role='dialog' or @role='alertdialog' or @id or @class]"):
        if _is_consent(element):
            _drop(element, n_characters - _MIN_LEFT)
    for mark in tree.xpath("//sup | //sub"):
        if _is_footnote(mark):
            mark.drop_tree()
        else:
            mark.drop_tag()
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
    """A dialog, or a box that is named for consent, that speaks of it."""
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
    if not _FOOTNOTE.fullmatch(mark.text_content()):
        return False
    before, parent = mark.getprevious(), mark.getparent()
    lead = (parent.text if before is None else before.tail or before.text_content()) or ""
    return bool(mark.xpath(".//a[starts-with(@href, '#')]") or _ENDS.search(lead))


def _is_layout(table: HtmlElement) -> bool:
    """It holds headings, other tables or running text, where a table of data holds figures and names."""
    if table.xpath(".//table | .//h1 | .//h2 | .//h3"):
        return True
    long = [cell for cell in table.xpath(".//td") if len(cell.text_content()) >= _LAYOUT_CELL]
    return any(cell.xpath(".//p | .//div | .//br") for cell in long)


def _dissolve(table: HtmlElement) -> None:
    for part in list(table.iter("table", "tbody", "thead", "tr", "td", "th")):
        if part.tag in ("td", "th"):
            part.set(CELL, "")
        part.tag = "div"


def _flatten_lists(table: HtmlElement) -> None:
    """Lists in cells become the cell's text: what reads tables passes over them."""
    for part in table.xpath(".//td//*[self::ul or self::ol or self::li] | .//th//*[self::ul or self::ol or self::li]"):
        if part.tag in LISTS:
            part.text = f" {part.text or ''}"
        elif part.getnext() is not None:
            part.tail = f"; {part.tail or ''}"
        part.drop_tag()


def _close_heading(heading: HtmlElement) -> None:
    """A heading that was never closed ends where its first paragraph begins."""
    children, parent = list(heading), heading.getparent()
    first = next((i for i, child in enumerate(children) if child.tag in ("p", "div", "ul", "ol", "table")), None)
    if first is None or parent is None:
        return
    children[-1].tail = (children[-1].tail or "") + (heading.tail or "")
    heading.tail = None
    at = parent.index(heading) + 1
    for n, child in enumerate(children[first:]):
        parent.insert(at + n, child)

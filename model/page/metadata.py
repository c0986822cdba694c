"""What a page says of its main story: who wrote it, when and where it came out, in its markup or its lines."""

import re
from collections.abc import Iterator

from copydesk.model.analysis import Metadata, Span, Stated
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.reader import Page

_WORD = r"[^\W\d_a-zß-ÿ](?:\.|[\w'’-]+)"  # with a capital; an initial has a full stop
_NAME = rf"{_WORD}(?: (?:(?:al|bin|da|de|der|di|la|le|van|von) )*{_WORD}){{1,3}}"
_BYLINE = re.compile(rf"(?:[Bb]y:? |[\w ]{{2,12}} by |[Aa]uthor: )?({_NAME}(?:(?:,| and| &|;) {_NAME}){{0,4}})")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|"
    rf"\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}}"
)
_OWNER = re.compile(
    r"(?:©|\(c\)|[Cc]opyright)\s*(?:©\s*)?(?:\d{4}(?:\s?[-–]\s?\d{4})?,?\s+)?(?:by )?"
    rf"((?:The )?{_NAME}|[A-Z]\w+)"
)
_ABOVE, _BELOW = 600, 1_000  # characters around where the main story begins in which it is said who wrote it, and when


def find_metadata(text: str, page: Page, markup: Markup) -> Metadata:
    """What the markup and the furniture around the main story state."""
    story = page.stories[0]
    title = Stated(story.title, story.headline) if story.title else _state(text, markup.title)
    return Metadata(
        title=title,
        byline=_state(text, markup.byline) or _find(text, page, "byline", _BYLINE),
        date=_state(text, markup.date) or _find(text, page, "timestamp", _DATE) or _find(text, page, "byline", _DATE),
        outlet=_state(text, markup.outlet) or _find(text, page, "copyright", _OWNER),
        language=_state("", markup.language),
    )


def _state(text: str, stated: str | None) -> Stated | None:
    """What the markup states, and where it stands in the text, if it does."""
    if not stated:
        return None
    at = text.find(stated)
    return Stated(stated, None if at < 0 else Span(at, at + len(stated)))


def _find(text: str, page: Page, kind: str, pattern: re.Pattern[str]) -> Stated | None:
    """The first part of the furniture of a kind that the pattern finds."""
    for start, end in _pieces(page, kind):
        if match := pattern.search(text, start, min(end, start + _ABOVE)):
            group = 1 if pattern.groups else 0
            return Stated(match[group], Span(*match.span(group)))
    return None


def _pieces(page: Page, kind: str) -> Iterator[tuple[int, int]]:
    """Where furniture of a kind stands: near the beginning of the main story, but for an imprint."""
    begin = page.stories[0].body[0].start if page.stories[0].body else page.stories[0].span.start
    for part in page.furniture:
        if part.kind == kind and (kind == "copyright" or begin - _ABOVE <= part.start <= begin + _BELOW):
            yield part.start, part.end

"""What kind of page a text is: an article, several stories, a listing of headlines, a live blog, or no article."""

import re
from collections.abc import Sequence

from copydesk.model.analysis import PageKind
from copydesk.model.page.lines import Line

# What stands in the place of an article: errors, walls, forms, stubs of videos.
_IN_ITS_PLACE = re.compile(
    r"\b(?:page|article|story|content|file|url|site|address|video) (?:you (?:are|were) looking for |you requested |requested )?"
    r"(?:(?:is|was|could|can|does|has|may|might) ?(?:not|n['’]t|no longer)|cannot|not) (?:be )?(?:found|exist|available|loaded|been moved)|"
    r"\b(?:404|403|500|502|503)\b.{0,20}\b(?:error|not found|forbidden|unavailable)|error (?:404|403|500|502|503|code)|"
    r"^(?:oops|sorry|whoops)\b|access (?:to this page )?(?:has been |is )?denied|something went wrong|service unavailable|bad gateway|"
    r"(?:enable|turn on|requires?|disabled?) (?:java ?script|cookies)|java ?script (?:is|to be) (?:disabled|enabled|required)|"
    r"verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot|unusual (?:traffic|activity)|checking your browser|captcha|"
    r"(?:log|sign) ?in to (?:continue|read|view|access|your account)|(?:subscribe|register) to (?:continue|read|view)|"
    r"forgot(?:ten)? (?:your )?password|remember me|create (?:an |your )?account|e-?mail address|password|"
    r"please (?:log|sign) ?in|already (?:have an account|a (?:member|subscriber))|"
    r"we (?:value|respect) your privacy|accept (?:all )?cookies|cookies? (?:settings|policy|preferences)|manage (?:my )?preferences|"
    r"(?:first|last|full|your) name\b|required field|phone number|submit (?:form|your)|fields? marked|message sent|zip code|"
    r"video (?:player|unavailable)|unable to play|playback|autoplay|up next|watch (?:now|live|again)|replay|\bduration\b|"
    r"try again|go back|return to (?:the )?home|reload|refresh|contact (?:us|support)|ray id|reference (?:id|#)|session (?:has )?expired",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:[*+•·▪■►›»>–-]|\d{1,3}[.)])\s+(?=\S)")
_ENDS = re.compile(r"[.!?…][\"'”’)\]]*$")
_WORD = re.compile(r"[^\W\d_]{2,}")
_DIGIT = re.compile(r"\d")
_OPENING = "\"'“‘«"
_MAX_DIGITS = 6  # of a headline: more is a row of a table
_MAX_LISTED_PROSE = 300  # characters of prose between the headlines of a listing
_HEADLINE = range(25, 161)  # characters
_MIN_WORDS = 4  # of a headline
_MIN_HEADLINES = 5
_PROSE = 100  # characters of a line that tells something
_IS_LISTING = 0.75  # share of the characters of headlines among those of headlines and prose
_MAX_PLACEHOLDER = 3_000  # characters of a text that stands in the place of an article
_IS_PLACEHOLDER = 0.5  # share of its lines, by characters, that say so
_MAX_NOTICE = 250  # characters of a line that says so
_MAX_TOLD = 250  # characters of prose that says nothing of the kind
_SURE_POSTS = 10


def judge_page(lines: Sequence[Line], n_stories: int, n_posts: int) -> PageKind:
    """The kind of a page with so many stories, or posts of a live blog."""
    if n_posts:
        return PageKind("live_blog", min(1.0, 0.5 + n_posts / (2 * _SURE_POSTS)))
    placeholder, listing = _rate_placeholder(lines), _rate_listing(lines)
    if placeholder >= _IS_PLACEHOLDER:
        return PageKind("not_an_article", placeholder)
    if listing >= _IS_LISTING:
        return PageKind("listing", listing)
    if n_stories > 1:
        return PageKind("stories", round(1 - 0.5**n_stories, 3))
    return PageKind("article", round(1 - max(placeholder, listing), 3))


def find_headlines(lines: Sequence[Line]) -> list[int]:
    """The lines of a listing that are headlines."""
    return [i for i, line in enumerate(lines) if _is_headline(line.text)]


def _rate_placeholder(lines: Sequence[Line]) -> float:
    """The share of a short text that says that there is no article here; 0 where something is told beside."""
    if not lines or lines[-1].end - lines[0].start > _MAX_PLACEHOLDER:
        return 0.0
    saying = [line for line in lines if len(line.text) <= _MAX_NOTICE and _IN_ITS_PLACE.search(line.text)]
    told = sum(len(line.text) for line in lines if line not in saying and _is_prose(line.text))
    share = sum(len(line.text) for line in saying) / sum(len(line.text) for line in lines)
    return 0.0 if told > _MAX_TOLD else round(share, 3)


def _rate_listing(lines: Sequence[Line]) -> float:
    """The share of headlines in a text that has many; 0 where it has few."""
    headlines = [len(line.text) for line in lines if _is_headline(line.text)]
    prose = sum(len(line.text) for line in lines if len(line.text) >= _PROSE and not _is_headline(line.text))
    if len(headlines) < _MIN_HEADLINES or prose > _MAX_LISTED_PROSE:
        return 0.0
    return round(sum(headlines) / (sum(headlines) + prose), 3)


def bullet_end(text: str) -> int:
    """Where a line's own words begin: behind the mark of a list."""
    mark = _BULLET.match(text)
    return mark.end() if mark else 0


def _is_headline(line: str) -> bool:
    text = line[bullet_end(line) :]
    if len(text) not in _HEADLINE or not (text[0].isupper() or text[0] in _OPENING):
        return False
    return (
        not _ENDS.search(text) and len(_WORD.findall(text)) >= _MIN_WORDS and len(_DIGIT.findall(text)) <= _MAX_DIGITS
    )


def _is_prose(text: str) -> bool:
    return len(text) >= _PROSE and _ENDS.search(text) is not None

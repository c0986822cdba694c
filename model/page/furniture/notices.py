"""Lines that are furniture wherever they stand: credits, consent, offers, share bars.

The classifier weighs cues; what is said here is certain enough to stand alone. English, as the stories are.
"""

import re

AGENCY = (
    r"(?:REUTERS|Reuters|AFP|AP|EPA(?:-EFE)?|BLOOMBERG|Bloomberg|XINHUA|Xinhua|BERNAMA|Bernama|ANI|PTI|IANS|DPA|dpa|EFE|ANSA|"
    r"TASS|NYTIMES|WASHINGTON POST|GETTY(?: IMAGES)?|Getty Images|KYODO|Kyodo|YONHAP|Yonhap|CNA|SPH|ST FILE)"
)
_CREDITED = (
    r"(?:PHOTOS?|Photos?|FOTOS?|Fotos?|IMAGES?|Image|Picture|Photograph|Photographer|Credit|Cr[eé]dito?s?|Bild|Фото)"
)
CREDIT = re.compile(rf"\b{_CREDITED}\s?(?:by|:)\s*")
_CREDIT_AT_END = re.compile(rf"(?<![^\s\-–—|(/]){_CREDITED}\s?(?:by|:|©|/)\s?[^.!?]{{2,70}}\)?\.?$")
_MAX_CREDIT = 100  # characters; longer than any that the pattern finds
_CONSENT = re.compile(
    r"we (?:value|respect|care about) your privacy\b|your privacy (?:choices|settings|matters)\b|"
    r"we(?:,? and| &| and) (?:our|\d+)[\w\s]{0,20} partners (?:store|use|process|share)\b|"
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? (?:(?:essential|necessary|optional|other|our own) )?"
    r"(?:cookies|tracking technolog)|"
    r"(?:selecting|by (?:selecting|clicking|choosing|continuing|using)|if you (?:click|choose|select))\b.{0,80}"
    r"\b(?:accept|agree|consent|cookies|tracking|terms of (?:use|service)|privacy policy)\b|"
    r"when you visit any (?:web)?site, it may (?:store|retrieve)\b|"
    r"you can (?:change|withdraw|manage|revoke) your (?:consent|preferences|choices|(?:cookie|privacy) settings)\b|"
    r"(?:strictly )?(?:necessary|functional|performance|targeting|advertising) cookies\b",
    re.IGNORECASE,
)
_CONSENT_BUTTON = re.compile(
    r"(?:i )?(?:accept|agree|reject|decline|allow)(?: (?:all|and (?:close|continue)))?(?: cookies)?|"
    r"(?:show|see|view) purposes|(?:manage|change|set|my) (?:my |your )?(?:preferences|choices|cookies|options)|"
    r"(?:cookie|privacy) (?:settings|preferences|policy|notice)|"
    r"(?:confirm|save) (?:my |your )?(?:choices|preferences|settings)",
    re.IGNORECASE,
)
_MONEY = r"(?:[$£€]\s?\d+(?:[.,]\d+)?|\d+(?:[.,]\d+)?\s?(?:euros?|dollars?|pounds?|[$£€]|cents?|p\b))"
_OFFER = re.compile(
    r"(?:to (?:continue|keep) reading|want to (?:read|see) (?:more|the rest)|(?:continue|keep) reading (?:with|for))\b|"
    r"already an? (?:subscriber|member)\b|(?:not|become) an? (?:subscriber|member)\b|have an account\?|"
    r"(?:this|the full) (?:article|story|content) is (?:only )?(?:for|available to|reserved for) (?:our )?"
    r"(?:(?:paying|registered|premium) )?(?:subscribers|members|readers with)\b|"
    r"you have (?:\d+|one|two|three|no|reached your limit of) (?:more )?(?:free )?(?:articles?|stor(?:y|ies))\b|"
    r"(?:unlimited|full|complete|premium)(?: \w+)? access\b|cancel (?:at )?any ?time\b|no commitment\b|"
    r"(?:start|get|begin|try) (?:your|a) free trial\b|"
    rf"(?:after|during) (?:the|your) (?:free )?trial\b.{{0,40}}{_MONEY}|"
    rf"(?:only |just |from |try it for |subscribe for )?{_MONEY} "
    r"(?:a|per|each|for (?:the first|\d+)) (?:week|month|year)s?\b|"
    r"(?:create|register for) (?:a|your) free account\b",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"share (?:this|on|via)(?: (?:post|article|story|page|facebook|twitter|x|whatsapp|linkedin|e-?mail))?|"
    r"(?:jump|skip|go) to (?:the )?comments|"
    r"view (?:this e-?mail )?in (?:your )?browser|unsubscribe(?: here| from this list)?",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:last )?(?:updated|published|posted|modified)(?: at| on)?:? \d{1,2}[:.]\d\d(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4})?",
    re.IGNORECASE,
)
# Where the rest of a story is: behind a link, whose address may stand there.
_ELSEWHERE = re.compile(
    r"(?:(?:[\w’'-]+:? ){0,5}https?://\S+|(?:read|continue|see|go to|view|open)(?: \w+){0,2} "
    r"(?:more|reading|story|article|report|post)|(?:full|whole) (?:story|article|report|text)|read on)\W*",
    re.IGNORECASE,
)
_MAX_NOTICE = 400  # characters; what is longer tells something
_MAX_BUTTON = 40
_MAX_LINK = 150


def find_kind(line: str) -> str | None:
    """The kind of furniture that a whole line is beyond doubt; none for a line that may tell something."""
    if len(line) > _MAX_NOTICE:
        return None
    if _CREDIT_AT_END.search(line, max(0, len(line) - _MAX_CREDIT)):
        return "caption"
    if _CONSENT.match(line) or (len(line) <= _MAX_BUTTON and _CONSENT_BUTTON.fullmatch(line)):
        return "other"
    if len(line) <= _MAX_BUTTON and _SHARE.fullmatch(line):
        return "share"
    if len(line) <= _MAX_BUTTON and _UPDATED.fullmatch(line):
        return "timestamp"
    if len(line) <= _MAX_LINK and _ELSEWHERE.fullmatch(line):
        return "related"
    return "subscribe" if _OFFER.match(line) else None

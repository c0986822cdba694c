"""The language that a text is written in, where the package py3langid is installed (`copydesk[language]`)."""

import re
from functools import cache
from typing import Protocol

from copydesk.model.analysis import Language
from copydesk.model.errors import InstallError
from copydesk.model.installation import need_extra

_SAMPLE = 400  # characters, from the beginning and from the middle: all of 220 articles are told by 300
_LEAST = 40  # letters without which no language is told
_SURE = 0.5  # probability from which a language is named
_LETTERS = re.compile(r"[^\W\d_]")
_NO_LANGUAGE = "zxx"  # ISO 639's code for it


class _Identifier(Protocol):
    """What is used of py3langid."""

    def classify(self, text: str) -> tuple[str, float]:
        """The likeliest language's code, and its probability."""


def find_language(text: str) -> Language | None:
    """The language of a text; none where that is in doubt, or where the package is not installed."""
    middle = max(_SAMPLE, len(text) // 2)
    sample = f"{text[:_SAMPLE]} {text[middle : middle + _SAMPLE]}"
    if len(_LETTERS.findall(sample)) < _LEAST or (identifier := load_identifier()) is None:
        return None
    code, score = identifier.classify(sample)
    return Language(code, float(score)) if score >= _SURE and code != _NO_LANGUAGE else None


@cache
def load_identifier() -> _Identifier | None:
    """The identifier of languages: half a second of processor time, and 100 MB; none where it is not installed."""
    try:
        need_extra("language", "the language of a text")
    except InstallError:
        return None
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier

"""The language of a text."""

import pytest

from copydesk.model.errors import InstallError
from copydesk.model.page import language
from copydesk.model.page.language import find_language, load_identifier

TEXTS = {
    "en": "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it.",
    "de": "Der Rat stimmte am Montag dafür, einen zweiten Kran zu bezahlen, und der Hafenmeister dankte ihm dafür.",
    "fr": "Le conseil a voté lundi pour payer une deuxième grue, et le capitaine du port a remercié ses membres.",
    "es": "El consejo votó el lunes a favor de pagar una segunda grúa, y el capitán del puerto les dio las gracias.",
}


def _refuse(extra: str, user: str) -> None:
    raise InstallError(f"{user} needs {extra}")


@pytest.mark.parametrize("code", TEXTS)
def test_a_text_has_its_language(code: str) -> None:
    pytest.importorskip("py3langid")
    found = find_language(TEXTS[code])
    assert found is not None
    assert found.code == code
    assert found.warning is None


def test_a_few_letters_have_no_language() -> None:
    assert find_language("Kran 12, 3.") is None


def test_without_the_package_no_language_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "need_extra", _refuse)
    load_identifier.cache_clear()
    try:
        assert find_language(TEXTS["de"]) is None
    finally:
        load_identifier.cache_clear()

import re

from copydesk.service.settings import Settings
from support.markdown import PAGES
from support.reference import list_sections, render_pages

ELSEWHERE = {"COPYDESK_KEY", "COPYDESK_SHARED"}  # of the client; of the tests and benchmarks


def test_the_generated_pages_are_current() -> None:
    for path, text in render_pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is old: run `make docs`"


def test_every_setting_and_every_key_says_what_it_does() -> None:
    fields = [Settings.model_fields, *(section.model_fields for _, _, section in list_sections())]
    sections = {title.strip("`[]") for title, _, _ in list_sections()}
    silent = [name for group in fields for name, field in group.items() if not field.description]
    assert set(silent) <= sections


def test_every_variable_that_a_page_names_is_a_setting() -> None:
    known = {f"COPYDESK_{name.upper()}" for name in Settings.model_fields} | ELSEWHERE
    for page in PAGES:
        named = set(re.findall(r"COPYDESK_[A-Z_]+", page.read_text(encoding="utf-8")))
        assert named <= known, page.name

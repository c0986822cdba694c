import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.errors import DocumentError
from copydesk.model.page.html.pool import MAX_HTML, Cancellation, read_html

PARAGRAPHS = [
    "The first tram in nine years rolled out of the depot at Linden Cross on Monday with thirty children on board.",
    "The line was closed in 2015 after engineers found that the viaduct over the river had moved by some centimetres.",
    "The city paid for the repairs with a loan that it will pay back until 2041, says the report of its treasurer.",
]
PAGE = f"""<!doctype html><html><head><title>Trams</title><script>var a = "<p>no</p>";</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/s">Sport</a></li></ul></nav>
<article>{"".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)}</article>
<footer><a href="/i">Imprint</a> <a href="/p">Privacy</a></footer></body></html>"""


def _code(html: str, timeout_s: float = 60) -> str:
    with pytest.raises(DocumentError) as caught:
        read_html(html, timeout_s)
    assert "viaduct" not in caught.value.message
    return caught.value.code


def test_main_text_comes_out_one_paragraph_a_line() -> None:
    assert read_html(PAGE, 60).text.split("\n") == PARAGRAPHS


def test_fragment_is_read_like_a_page() -> None:
    assert read_html("".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS), 60).text.split("\n") == PARAGRAPHS


def test_page_without_text_is_refused() -> None:
    assert _code("<html><body><script>viaduct()</script></body></html>") == "html_without_text"
    assert _code("") == "html_without_text"


def test_huge_page_is_refused_at_once() -> None:
    start = time.process_time()
    assert _code("viaduct " * (MAX_HTML // 8 + 1)) == "html_too_long"
    assert time.process_time() - start < 1


def test_nested_bomb_is_refused_at_once() -> None:
    start = time.process_time()
    assert _code("<div>" * 100_000 + "viaduct") == "html_too_deep"
    assert time.process_time() - start < 1


def test_page_that_takes_too_long_is_given_up_and_the_next_one_is_read() -> None:
    assert _code("<p>viaduct " * 300_000, timeout_s=0.01) == "html_too_slow"
    assert read_html(PAGE, 60).text.split("\n") == PARAGRAPHS


@pytest.mark.parametrize(
    "html",
    [
        "<" * 1000,
        "<p" * 1000,
        "</div>" * 1000,
        "&#0;&#xD800;&#99999999;<p>x",
        "\ud800<p>y",
        "\0<p>z",
        "<!--" * 100,
        "<![CDATA[" * 9,
    ],
)
def test_malformed_markup_gives_text_or_a_reason(html: str) -> None:
    try:
        assert read_html(html, 60).text.strip()
    except DocumentError as error:
        assert error.code in {"html_without_text", "html_unreadable"}


@given(st.text(alphabet="<>/&;#\"'= \n!-[]abdiprstv0\u00e9\ud83d", max_size=200))
@settings(max_examples=25, deadline=None)
def test_random_markup_gives_text_or_a_reason(html: str) -> None:
    try:
        assert read_html(html, 60).text.strip()
    except DocumentError as error:
        assert error.code in {"html_without_text", "html_unreadable"}


def test_a_page_that_nobody_waits_for_any_more_is_dropped() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(DocumentError, match="could not be parsed"):
        read_html(PAGE, 60, cancellation)
    assert read_html(PAGE, 60).text.split("\n") == PARAGRAPHS


def test_a_page_that_is_cancelled_while_it_is_read_ends_its_process() -> None:
    read_html(PAGE, 60)  # the worker runs
    cancellation = Cancellation()
    slow = "<sup>1</sup>x." * 100_000  # seconds of work
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read_html, slow, 60, cancellation)
        while cancellation._kill is None:
            time.sleep(0.01)
        cancellation.cancel()
        with pytest.raises(DocumentError, match="could not be parsed"):
            reading.result(60)


def test_markup_that_takes_too_much_processor_time_is_refused() -> None:
    with pytest.raises(DocumentError, match="more than 3 s to read") as caught:
        read_html("<sup>1</sup>x." * 200_000, 60)
    assert caught.value.code == "html_too_slow"

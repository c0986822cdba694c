"""Thousands of documents made of what texts and pages break on: is each answered, with sentences verbatim?

Half of them are plain text, half HTML. They are cut from one seed, so that every run sends the same.
"""

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from benchmarks.bench import Bench, Report
from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.tiny import STORY, make_tiny_bundle

PARTS = ["tags", "summary", "evidence", "sentences", "furniture", "text"]
N_TOGETHER = 32
_WORDS = [
    *STORY.split(),
    *["May.", "no.", "U.S.", "3 p.m.", "1.", "2)", "$1.2bn", "[12]", "http://a.b/C.D?e=f.", "@desk", "#tag"],
]
_SPACES = [*[" "] * 20, "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u200b", "\u2028", "\u3000", ""]
_ODD = [
    *'"“”‘’«»„()[]{}<>&;:,.!?…-–—*|_/\\=~`',
    *["\u0301", "\u202e", "\ufeff", "\ufffd", "\0", "\x1b[31m", "\ud800", "\U0001f468\u200d\U0001f469\u200d\U0001f467"],
    *["部长们同意。", "会谈！", "مرحبا", "ÀÉ. ", "ß."],
    *["Advertisement", "Share this", "Read more:", "> quoted", "From: a@b.c", "Photo: AP", "Live:"],
]
_TAGS = [
    *["p", "div", "h1", "h2", "ul", "li", "table", "tr", "td", "article", "section", "span", "a", "blockquote"],
    *["sup", "time", "dl", "dt", "pre", "br", "svg", "form", "iframe", "script", "style", "template", "figure"],
    *["figcaption", "nav", "footer"],
]
_MARKUP = [
    *["<!--", "-->", "<![CDATA[", "]]>", "<p", '<a href="', "<title>", "<body>", "</html>"],
    *["&nbsp;", "&#0;", "&#xD800;", "&bogus;"],
]


def main(bench: Bench) -> Report:
    """Send them to an app on the tiny bundle; raises at the first fault of ours, with the document."""
    n_documents = bench.pick(30_000, 200)
    with tempfile.TemporaryDirectory() as folder:
        make_tiny_bundle(Path(folder) / "tiny")
        analyzer = Analyzer.load(Path(folder) / "tiny", "cpu")
    app = make_app(Settings(allowed_hosts=("testserver",)), lambda: analyzer)
    outcomes: Counter[str] = Counter()
    with TestClient(app, raise_server_exceptions=False) as client:
        documents = islice(make_documents(), n_documents)
        while together := list(islice(documents, N_TOGETHER)):
            outcomes.update(_send(client, together))
    report = Report()
    report.start_table("what became of it", "documents")
    for outcome, n in outcomes.most_common():
        report.add_row(outcome, n)
    report.add("documents without a fault of ours", outcomes.total(), at_least=n_documents)
    return report


def make_documents(seed: int = 0) -> Iterator[dict[str, str]]:
    """Documents without end, of one to some hundred pieces."""
    choice = random.Random(seed)
    while True:
        n_pieces = choice.choice((1, 3, 10, 30, 100, 300))
        if choice.random() < 0.5:
            yield {"text": "".join(_make_piece(choice) for _ in range(n_pieces))}
        else:
            yield {"html": "".join(_make_node(choice) for _ in range(n_pieces))}


def _make_piece(choice: random.Random) -> str:
    repeats = choice.choice((*[1] * 50, 5, 200))
    oddity = choice.random() < choice.choice((0.02, 0.3))
    return (choice.choice(_ODD) if oddity else choice.choice(_WORDS)) * repeats + choice.choice(_SPACES)


def _make_node(choice: random.Random) -> str:
    tag = choice.choice(_TAGS)
    kind = choice.random()
    if kind < 0.3:
        return f"<{tag}>"
    if kind < 0.5:
        return f"</{tag}>"
    if kind < 0.6:
        return choice.choice(_MARKUP)
    return "".join(_make_piece(choice) for _ in range(choice.choice((1, 8, 20))))


def _send(client: TestClient, documents: list[dict[str, str]]) -> Iterator[str]:
    body = json.dumps({"documents": documents, "include": PARTS})
    response = client.post("/v1/analyze", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200, (response.status_code, response.text, body)
    for document, result in zip(documents, response.json()["results"], strict=True):
        yield _judge(document, result)


def _judge(document: dict[str, str], result: dict[str, Any]) -> str:  # Any: JSON
    if "error" in result:
        assert result["error"]["code"] != "internal", (document, result)
        return str(result["error"]["code"])
    text = result["text"]
    assert document.get("text", text) == text
    for sentence in (*result["sentences"], *result["summary"]["sentences"]):
        assert text[sentence["start"] : sentence["end"]] == sentence["text"], (document, sentence)
    return "analysed"

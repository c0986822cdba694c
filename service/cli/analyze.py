"""The command that analyses a few texts, for people and for pipes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from copydesk.model.analysis import Document, Options, SummaryOptions
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.errors import DataError, DocumentError
from copydesk.service.cli.console import answers
from copydesk.service.cli.options import (
    BundleOption,
    DeviceOption,
    FocusOption,
    IncludeOption,
    SameSentencesOption,
    SentencesOption,
    StoreOption,
    StoriesOption,
    check_focus,
    choose_bundle,
    read_parts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from copydesk.client.answers import Part

commands = typer.Typer()

_HTML_SUFFIXES = (".html", ".htm", ".xhtml")
_EXAMPLES = """
Examples:
  copydesk analyze article.txt page.html --evidence
  copydesk analyze - --include tags < article.txt | jq .tags
  copydesk analyze article.txt --focus trade --sentences 1
"""


@commands.command(epilog=_EXAMPLES)
def analyze(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Text or .html files, or - for standard input.")],
    format: Annotated[
        Literal["auto", "text", "json"], typer.Option(help="auto: text on a terminal, JSON elsewhere.")
    ] = "auto",
    evidence: Annotated[bool, typer.Option("--evidence", help="Show the sentences that speak for each tag.")] = False,
    include: IncludeOption = None,
    sentences: SentencesOption = 3,
    same_sentences: SameSentencesOption = None,
    focus: FocusOption = None,
    stories: StoriesOption = "split",
    bundle: BundleOption = None,
    store: StoreOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Show tags, summary and evidence of texts and pages, and what stands around their stories.

    A terminal gets bars and text, anything else one JSON object per file, as POST /v1/analyze gives it.
    """
    as_json = format == "json" or (format == "auto" and not sys.stdout.isatty())
    parts = read_parts(include)
    options = Options(stories, SummaryOptions(sentences=same_sentences or sentences, focus=focus))
    documents = [_read_document(name) for name in files]
    directory = choose_bundle(bundle, store)
    check_focus(focus, load_manifest(directory).labels)

    from copydesk.model.analyzer import Analyzer  # late: a mistake is told before torch is loaded
    from copydesk.service.answers import to_answer
    from copydesk.service.cli.terminal import show

    analyzer = Analyzer.load(directory, device)
    for name, document in zip(files, documents, strict=True):
        try:
            analysis = analyzer.analyze(document, options)
        except DocumentError as error:
            raise DataError(f"{name}: {error.message}") from error
        shown = parts or _default_parts(document, as_json=as_json)
        if evidence:
            shown |= {"evidence"}
        if as_json:
            _print_json(to_answer(analysis, shown))
        else:
            show(answers(), analysis, name, shown)


def _default_parts(document: Document, *, as_json: bool) -> frozenset[Part]:
    from copydesk.service.answers import DEFAULT_PARTS, HTML_PARTS
    from copydesk.service.cli.terminal import TEXT_PARTS

    if not as_json:
        return TEXT_PARTS
    return DEFAULT_PARTS if document.html is None else HTML_PARTS


def _print_json(answer: Mapping[str, object]) -> None:
    """In UTF-8, whatever the locale says; only a file's name can hold what is not Unicode."""
    sys.stdout.buffer.write(f"{json.dumps(answer, ensure_ascii=False)}\n".encode(errors="replace"))
    sys.stdout.flush()


def _read_document(name: str) -> Document:
    text = _read_text(name)
    return Document("", id=name, html=text) if Path(name).suffix.lower() in _HTML_SUFFIXES else Document(text, id=name)


def _read_text(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise DataError(f"{name}: {error.strerror}; name a text file, or - for standard input") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start} is not UTF-8; convert the file, for example with iconv") from error

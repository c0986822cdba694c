"""The commands that use a bundle: serve, analyze, batch."""

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from copydesk.model.analysis import Document, Options, SummaryOptions
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from copydesk.model.errors import ConfigError, DataError, DocumentError
from copydesk.service.cli.batch import batch
from copydesk.service.cli.options import (
    BundleOption,
    DeviceOption,
    SentencesOption,
    StoriesOption,
    choose,
    choose_stories,
)

if TYPE_CHECKING:
    from copydesk.model.analyzer import Analyzer
    from copydesk.service.settings import Settings

commands = typer.Typer()
_errors = Console(stderr=True)
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8000")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Directory of the model.", show_default="the one that ships")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Store of versions: serve its current one, and follow it.", show_default="none")
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.", show_default="auto")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Let other machines ask without API keys.")] = False,
) -> None:
    """Serve the model over HTTP. Every setting is also a COPYDESK_* variable."""
    from copydesk.service.http.app import make_app
    from copydesk.service.http.server import run
    from copydesk.service.logs import configure_logs
    from copydesk.service.settings import read_settings

    settings = read_settings(host=host, port=port, bundle=bundle, models_dir=store, device=device)
    if not (settings.is_local or settings.api_keys or insecure):
        raise ConfigError(
            f"--host {settings.host}: other machines could ask without a key; set COPYDESK_API_KEYS to the SHA-256 "
            "digests of your keys, or add --insecure"
        )
    if settings.models_dir is not None and not settings.models_dir.is_dir():
        raise ConfigError(f"--store {settings.models_dir}: no such directory; `copydesk models promote` makes it")
    _check_port(settings.host, settings.port)
    configure_logs()
    analyzers = [_load_analyzer(settings)]
    run(make_app(settings, analyzers.pop), settings)  # nothing here holds on to the one that may be replaced


@commands.command()
def analyze(
    files: Annotated[list[str], typer.Argument(help="Text or .html files, or - for standard input.")],
    format: Annotated[str, typer.Option(help="auto, text or json; auto is text on a terminal.")] = "auto",
    sentences: SentencesOption = 3,
    stories: StoriesOption = "split",
    bundle: BundleOption = DEFAULT_BUNDLE,
    device: DeviceOption = "auto",
) -> None:
    """Show tags, summary and evidence of texts and pages, and what stands around their stories."""
    from copydesk.model.analyzer import Analyzer
    from copydesk.service.answers import DEFAULT_PARTS, HTML_PARTS, to_answer
    from copydesk.service.cli.terminal import show

    as_json = choose("--format", format, ("auto", "text", "json")) == "json" or (
        format == "auto" and not sys.stdout.isatty()
    )
    options = Options(choose_stories(stories), SummaryOptions(sentences=sentences))
    documents = {name: _read_document(name) for name in files}
    analyzer = Analyzer.load(bundle, device)
    for name, document in documents.items():
        try:
            analysis = analyzer.analyze(document, options)
        except DocumentError as error:
            raise DataError(f"{name}: {error.message}") from error
        if as_json:
            answer = to_answer(analysis, DEFAULT_PARTS if document.html is None else HTML_PARTS)
            print(json.dumps(answer, ensure_ascii=False))
        else:
            show(Console(), analysis, name)


commands.command()(batch)


def _load_analyzer(settings: "Settings") -> "Analyzer":
    """The store's current version, or the bundle while there is none."""
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.bundles.store import Store

    bundle = settings.bundle
    if settings.models_dir is not None:
        store = Store(settings.models_dir)
        current = store.current()
        bundle = store.path(current) if current else bundle
    analyzer = Analyzer.load(bundle, settings.device, settings.max_document_tokens)
    address = f"http://{settings.host}:{settings.port}"
    _errors.print(
        f"{analyzer.bundle.name} {analyzer.bundle.digest[:12]} on {analyzer.device}: {address} (docs at /docs)"
    )
    return analyzer


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


def _check_port(host: str, port: int) -> None:
    """Fail before the model loads, not after."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another with --host and --port"
            ) from error

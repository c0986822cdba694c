"""The command that serves a model over HTTP."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.model.errors import ConfigError
from copydesk.service.cli.console import say
from copydesk.service.cli.options import check_store

if TYPE_CHECKING:
    from copydesk.model.analyzer import Analyzer
    from copydesk.service.settings import Settings

commands = typer.Typer()

_EXAMPLES = """
Examples:
  copydesk serve
  copydesk serve --port 9000 --store models --device cuda
  COPYDESK_MAX_DOCUMENTS=16 copydesk serve

The page for people is at http://127.0.0.1:8000, the API's description at /docs.
"""


@commands.command(epilog=_EXAMPLES)
def serve(
    host: Annotated[
        str | None, typer.Option(metavar="NAME", help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="N", help="Port to listen on.", show_default="8000")] = None,
    bundle: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory of the model.", show_default="the one that ships")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Store of versions: serve its current one, and follow it.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.", show_default="auto")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Let other machines ask without API keys.")] = False,
) -> None:
    """Serve the model over HTTP. Every setting is also a COPYDESK_* variable."""
    from copydesk.model.page.html.pool import check_parser
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
    if settings.models_dir is not None:
        check_store(settings.models_dir)
    _check_port(settings.host, settings.port)
    check_parser()
    configure_logs()
    analyzers = [_load_analyzer(settings)]
    run(make_app(settings, analyzers.pop), settings)  # nothing here holds on to the one that may be replaced


def _load_analyzer(settings: Settings) -> Analyzer:
    """The store's current version, or the bundle while there is none."""
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.bundles.store import Store
    from copydesk.model.network.device import choose_device

    bundle = settings.bundle
    if settings.models_dir is not None:
        store = Store(settings.models_dir)
        current = store.current()
        bundle = store.path(current) if current else bundle
    analyzer = Analyzer.load(bundle, choose_device(settings.device).staffed(), settings.max_document_tokens)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    say(
        f"{analyzer.bundle.name} {analyzer.bundle.digest[:12]} on {analyzer.device}: "
        f"http://{host}:{settings.port} (docs at /docs)"
    )
    return analyzer


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

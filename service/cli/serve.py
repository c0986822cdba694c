"""The command that serves a model over HTTP."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.model.errors import ConfigError
from copydesk.model.installation import need_extra
from copydesk.service.cli.console import say
from copydesk.service.cli.options import check_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

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
        Path | None,
        typer.Option(metavar="DIR", help="Directory of the model, default, or fast.", show_default="default"),
    ] = None,
    store: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Store of versions: serve its current one, and follow it.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.", show_default="auto")
    ] = None,
    desk: Annotated[
        bool, typer.Option("--desk", help="Serve the desk too, where people correct and retrain; needs --store.")
    ] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Let other machines ask without API keys.")] = False,
) -> None:
    """Serve the model over HTTP. Every setting is also a COPYDESK_* variable."""
    from copydesk.service.settings import read_settings

    settings = read_settings(host=host, port=port, bundle=bundle, models_dir=store, device=device)
    start(settings, has_desk=desk, is_open=insecure)


def start(settings: Settings, *, has_desk: bool, is_open: bool) -> None:
    """Serve until a signal. is_open: other machines may ask without keys. Raises ConfigError, and what the bundle, the
    store or the desk's database raise."""
    from copydesk.model.page.html.pool import check_parser
    from copydesk.service.http.app import make_app
    from copydesk.service.http.server import run
    from copydesk.service.inference.loading import open_tracer
    from copydesk.service.logs import configure_logs

    if not (settings.is_local or settings.api_keys or is_open):
        raise ConfigError(
            f"--host {settings.host}: other machines could ask without a key; set COPYDESK_API_KEYS to the SHA-256 "
            "digests of your keys, or add --insecure"
        )
    if settings.models_dir is not None:
        check_store(settings.models_dir)
    _check_shadow(settings)
    _check_port(settings.host, settings.port)
    check_parser()
    tracer = open_tracer()
    add_desk = _open_desk(settings) if has_desk else None
    configure_logs()
    analyzers = [_load_analyzer(settings)]
    app = make_app(settings, analyzers.pop, tracer)  # nothing here holds on to the one that may be replaced
    if add_desk is not None:
        add_desk(app)
    run(app, settings)


def _check_shadow(settings: Settings) -> None:
    """Fail before the model loads, not after. Raises ConfigError, and StoreError for a version that is not there."""
    from copydesk.model.bundles.store import Store

    if settings.shadow is None:
        return
    if settings.models_dir is None:
        raise ConfigError("COPYDESK_SHADOW: a version of a store reads beside the current one; name one with --store")
    Store(settings.models_dir).find(settings.shadow)


def _open_desk(settings: Settings) -> Callable[[FastAPI], None]:
    """What lets an app serve the desk too; its database is open before the model loads, so that a mistake is told at
    once."""
    need_extra("desk", "the desk")
    from copydesk.service.desk.desk import first_link, open_desk
    from copydesk.service.desk.site import add_desk

    desk = open_desk(settings)
    if link := first_link(desk):
        say(f"the desk has no admin yet; open this link once, and choose a password: {_address(settings)}{link}")
    say(f"the desk: {_address(settings)}/desk")
    return partial(add_desk, desk=desk)


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _load_analyzer(settings: Settings) -> Analyzer:
    from copydesk.service.inference.loading import load_analyzer

    analyzer = load_analyzer(settings)
    name = f"{analyzer.bundle.name} {analyzer.bundle.digest[:12]}"
    say(f"{name} on {analyzer.device}: {_address(settings)} (docs at /docs)")
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

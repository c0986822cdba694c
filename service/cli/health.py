"""The command that asks a service whether it is ready."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import typer

from copydesk.model.errors import ConfigError
from copydesk.service.cli.console import say

commands = typer.Typer()

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what listens everywhere is asked at home
_EXAMPLES = """
Examples:
  copydesk health
  copydesk health --url http://10.0.0.7:8000 --timeout 2
"""


@commands.command(epilog=_EXAMPLES)
def health(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Address of the service.", show_default="that of the settings"),
    ] = None,
    timeout_s: Annotated[float, typer.Option("--timeout", metavar="S", min=0.1, help="Seconds to wait.")] = 5.0,
) -> None:
    """Say whether a service takes requests; exit code 1 if not."""
    fault = find_fault(url or _own_address(), timeout_s)
    say(f"not ready: {fault}" if fault else "ready", style="red" if fault else "")
    raise typer.Exit(int(fault is not None))


def find_fault(url: str, timeout_s: float) -> str | None:
    """Why the service at this address takes no requests; None when it does. Raises ConfigError for no address."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigError(f"--url {url}: expected an address such as http://127.0.0.1:8000")
    try:
        build_opener(ProxyHandler({})).open(f"{url.rstrip('/')}/readyz", timeout=timeout_s).close()
    except HTTPError as error:
        return _detail(error)
    except OSError as error:
        return f"{url} does not answer: {getattr(error, 'reason', error)}"
    return None


def _detail(error: HTTPError) -> str:
    """What a problem says of itself, or the status alone where something else answered."""
    with error:
        try:
            return str(json.load(error)["detail"])
        except (ValueError, KeyError, TypeError):
            return f"{error.url} answers {error.code}, expected 200"


def _own_address() -> str:
    from copydesk.service.settings import read_settings

    settings = read_settings()
    host = _EVERY_ADDRESS.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"

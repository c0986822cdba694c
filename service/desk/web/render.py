"""Pages from templates. Nothing in them is loaded from elsewhere, and no script stands in them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

PAGES = Path(__file__).parents[1] / "pages"
STATIC = Path(__file__).parents[1] / "static"


def make_environment() -> Environment:
    """The templates, with everything escaped and nothing undefined."""
    environment = Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"when": show_time, "share": show_share, "number": "{:,}".format, "f1": show_f1}
    return environment


def render(
    environment: Environment, page: str, status: int = 200, **values: Any
) -> HTMLResponse:  # Any: a page's values
    """The page of this name."""
    return HTMLResponse(environment.get_template(page).render(**values), status, headers={"Cache-Control": "no-store"})


def show_time(seconds: float | None) -> str:
    """Such as 2026-11-26 14:05 UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def show_share(value: float | None) -> str:
    """Such as 0.87; a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"


def show_f1(value: float | None) -> str:
    """With three digits."""
    return "–" if value is None else f"{value:.3f}"

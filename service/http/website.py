"""Pages for people: / to try a text, /docs for the API. Nothing on them is loaded from other hosts."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_STATIC = Path(__file__).with_name("static")


def add_pages(app: FastAPI) -> None:
    """Serve the page at / and, from files of the package fastapi-swagger, Swagger UI at /docs."""
    app.mount("/swagger", StaticFiles(directory=str(files("fastapi_swagger") / "resources")))
    app.mount("/static", StaticFiles(directory=_STATIC))
    for path, name in (("/", "page.html"), ("/docs", "docs.html")):
        _add_page(app, path, (_STATIC / name).read_text(encoding="utf-8"))


def _add_page(app: FastAPI, path: str, page: str) -> None:
    with_desk = page.replace("<!-- desk -->", '<a href="/desk">Desk</a>')

    @app.get(path, include_in_schema=False)
    async def show(request: Request) -> HTMLResponse:
        return HTMLResponse(with_desk if hasattr(request.app.state, "desk") else page)

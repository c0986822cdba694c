"""Errors of the desk as pages for people, and as problems for scripts."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from copydesk.model.errors import CopydeskError, StoreError
from copydesk.service.desk.errors import ConflictError, DeskError, MissingError
from copydesk.service.desk.web.people import ForbiddenError, SignInError
from copydesk.service.desk.web.render import render
from copydesk.service.http.problems import respond

_RETRY_AFTER_S = "2"
_Handler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


def add_handlers(app: FastAPI) -> None:
    """Let every error of the desk leave as what the client can show."""
    app.add_exception_handler(SignInError, _on_sign_in)
    app.add_exception_handler(ForbiddenError, _answer_with(403))
    app.add_exception_handler(MissingError, _answer_with(404))
    app.add_exception_handler(ConflictError, _answer_with(409))
    app.add_exception_handler(StoreError, _answer_with(409))
    app.add_exception_handler(DeskError, _answer_with(503))
    app.add_exception_handler(CopydeskError, _answer_with(422))


def wants_page(request: Request) -> bool:
    """A person's browser is to show the answer."""
    return "text/html" in request.headers.get("accept", "")


async def _on_sign_in(request: Request, error: Exception) -> Response:
    if not wants_page(request):
        return respond(401, "nobody has signed in, or the session is over; sign in at /desk/login")
    there = request.url.path if request.method == "GET" else "/desk"
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    return RedirectResponse(f"/desk/login?{urlencode({'next': there + query})}", 303)


def _answer_with(status: int) -> _Handler:
    async def answer(request: Request, error: Exception) -> Response:
        headers = {"Retry-After": _RETRY_AFTER_S} if status == 503 else {}
        if not wants_page(request):
            return respond(status, str(error), headers)
        words = str(error)[:1].upper() + str(error)[1:]
        pages = request.app.state.desk.pages
        return render(pages, "error.html", status, words=words, back=_parent(request.url.path), person=None)

    return answer


def _parent(path: str) -> str:
    """The page from which whoever failed goes on: the project's, or the list of projects."""
    parts = path.split("/")
    return "/".join(parts[:4]) if len(parts) > 4 and parts[2] == "p" else "/desk"

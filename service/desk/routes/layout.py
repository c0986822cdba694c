"""What every page shows around its own: who is there, and the ways to the other pages."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.store.tables import Project
from copydesk.service.desk.web.people import Person
from copydesk.service.desk.web.render import render


def show(
    desk: Desk, person: Person, page: str, *, project: Project | None = None, **values: Any
) -> HTMLResponse:  # Any: a page's values
    """A page for somebody who has signed in."""
    csrf = desk.signer.form_token(person.nonce)
    return render(desk.pages, page, person=person, csrf=csrf, project=project, **values)


def go_to(path: str) -> RedirectResponse:
    """On to another page, by GET."""
    return RedirectResponse(path, 303)


def address_of(request: Request) -> str:
    """Where the client is."""
    return request.client.host if request.client else ""

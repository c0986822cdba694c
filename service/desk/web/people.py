"""Whoever is asking, and what they may do: dependencies of the routes."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import FormData

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.store.accounts import add_account, find_account, may
from copydesk.service.desk.store.tables import Annotator, Role
from copydesk.service.desk.web.sessions import COOKIE, is_cross_site, sent_form_token


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in. nonce: of the session."""

    id: int
    name: str
    role: Role
    nonce: str

    def may(self, needed: Role) -> bool:
        """Whether their role allows what `needed` is allowed."""
        return may(self.role, needed)


class SignInError(Exception):
    """Nobody has signed in, or the session is over."""


class ForbiddenError(Exception):
    """Whoever asks may not do this; the message says who may."""


def get_desk(request: Request) -> Desk:
    """The desk of the app."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


DeskOf = Annotated[Desk, Depends(get_desk)]


def find_person(request: Request, desk: DeskOf) -> Person:
    """Who is asking. Raises SignInError."""
    if named := _named_by_proxy(request, desk):
        return named
    session = desk.signer.read(request.cookies.get(COOKIE, ""))
    if session is not None:
        with desk.database.read() as database:
            account = database.get(Annotator, session.account_id)
        if account is not None and account.is_active and account.epoch == session.epoch:
            return Person(account.id, account.name, account.role, session.nonce)
    raise SignInError


def need(role: Role) -> Callable[..., Person]:
    """A dependency: whoever asks has at least this role. Raises SignInError, ForbiddenError."""

    def check(person: Annotated[Person, Depends(find_person)]) -> Person:
        if not person.may(role):
            raise ForbiddenError(f"your role is {person.role}; this takes {role}. An admin can change it")
        return person

    return check


def posting(role: Role) -> Callable[..., Person]:
    """A dependency like `need`, for what a script sends: it carries the session's token."""

    def check(request: Request, desk: DeskOf, person: Annotated[Person, Depends(need(role))]) -> Person:
        _check_token(request, desk, person, None)
        return person

    return check


async def read_form(request: Request) -> AsyncIterator[FormData]:
    """A dependency: the form that was sent, closed when it has been answered."""
    form = await request.app.state.desk_forms.read(request)
    assert isinstance(form, FormData)
    try:
        yield form
    finally:
        await form.close()


def form_of(role: Role) -> Callable[..., FormData]:
    """A dependency: the form that somebody of this role has sent, with the session's token in it."""

    def check(
        request: Request,
        desk: DeskOf,
        person: Annotated[Person, Depends(need(role))],  # first: a stranger's form is not read
        form: Annotated[FormData, Depends(read_form)],
    ) -> FormData:
        _check_token(request, desk, person, form)
        return form

    return check


def check_site(request: Request) -> None:
    """A dependency: no other site's page has sent this. Raises ForbiddenError."""
    if is_cross_site(request):
        raise ForbiddenError("this was sent by the page of another site; open the desk and do it there")


Reader = Annotated[Person, Depends(need("reader"))]
Annotating = Annotated[Person, Depends(need("annotator"))]
Editor = Annotated[Person, Depends(need("editor"))]
Admin = Annotated[Person, Depends(need("admin"))]
Posting = Annotated[Person, Depends(posting("annotator"))]
ReaderForm = Annotated[FormData, Depends(form_of("reader"))]
EditorForm = Annotated[FormData, Depends(form_of("editor"))]
AdminForm = Annotated[FormData, Depends(form_of("admin"))]


def _check_token(request: Request, desk: Desk, person: Person, form: FormData | None) -> None:
    check_site(request)
    if not desk.signer.is_form_token(person.nonce, sent_form_token(request, form)):
        raise ForbiddenError("the page is of another session; load it again, and repeat what you did")


def _named_by_proxy(request: Request, desk: Desk) -> Person | None:
    """Whom the proxy in front names; the connection drops the header when anybody else sends it."""
    header = desk.settings.desk_user_header
    name = request.headers.get(header, "").strip() if header else ""
    if not name:
        return None
    with desk.database.read() as session:
        account = find_account(session, name)
    account = account or _add_named(desk, name)
    if not account.is_active:
        raise ForbiddenError(f"the account {account.name!r} is locked; an admin can unlock it")
    return Person(account.id, account.name, account.role, f"proxy-{account.id}-{account.epoch}")


def _add_named(desk: Desk, name: str) -> Annotator:
    try:
        with desk.database.write() as session:
            return find_account(session, name) or add_account(session, name, desk.settings.desk_user_role)
    except IntegrityError:  # two requests of somebody new at once
        with desk.database.read() as session:
            found = find_account(session, name)
        assert found is not None
        return found

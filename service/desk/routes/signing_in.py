"""/desk/login, /desk/logout, /desk/welcome and /desk/password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.errors import ConflictError
from copydesk.service.desk.routes.layout import address_of, go_to, show
from copydesk.service.desk.store.accounts import MIN_PASSWORD, check_password, find_account, get_account, set_password
from copydesk.service.desk.store.tables import Annotator
from copydesk.service.desk.web.forms import field
from copydesk.service.desk.web.people import DeskOf, Reader, ReaderForm, check_site, read_form
from copydesk.service.desk.web.render import render
from copydesk.service.desk.web.sessions import COOKIE, set_cookie

router = APIRouter()


_Form = Annotated[FormData, Depends(read_form)]


@router.get("/desk/login")
def show_login(desk: DeskOf, next: str = "/desk") -> Response:
    """The form to sign in with."""
    return render(desk.pages, "login.html", person=None, words="", next=_safe(next), name="")


@router.post("/desk/login", dependencies=[Depends(check_site)])
def sign_in(request: Request, desk: DeskOf, form: _Form) -> Response:
    """Check name and password; too many failures have to wait."""
    name, password, target = (field(form, key) for key in ("name", "password", "next"))
    address, values = address_of(request), {"person": None, "next": _safe(target), "name": name}
    if not desk.throttle.may_try(name, address):
        words = "That was wrong too often. Wait five minutes, or ask an admin for a link."
        return render(desk.pages, "login.html", 429, words=words, **values)
    with desk.database.read() as session:
        account = find_account(session, name)
    if account is None or not check_password(account, password):
        desk.throttle.note_failure(name, address)
        return render(desk.pages, "login.html", 401, words="This name and password do not fit.", **values)
    return _signed_in(request, desk, account, _safe(target))


@router.post("/desk/logout")
def sign_out(form: ReaderForm) -> Response:
    """End this browser's session."""
    response = go_to("/desk/login")
    response.delete_cookie(COOKIE, path="/desk")
    return response


@router.get("/desk/welcome")
def show_welcome(desk: DeskOf, token: str = "") -> Response:
    """The form in which a new account gets its password, by a link that works once."""
    account = _find_linked(desk, token)
    return render(desk.pages, "welcome.html", person=None, words="", token=token, name=account.name, least=MIN_PASSWORD)


@router.post("/desk/welcome", dependencies=[Depends(check_site)])
def welcome(request: Request, desk: DeskOf, form: _Form) -> Response:
    """Set the password, and sign in."""
    token = field(form, "token")
    account = _find_linked(desk, token)
    try:
        with desk.database.write() as session:
            account = set_password(session, account.id, field(form, "password"))
    except ConflictError as error:
        values = {"person": None, "token": token, "name": account.name, "least": MIN_PASSWORD}
        return render(desk.pages, "welcome.html", 409, words=_sentence(error), **values)
    return _signed_in(request, desk, account, "/desk")


@router.get("/desk/password")
def show_password(desk: DeskOf, person: Reader) -> Response:
    """The form to change one's own password."""
    return show(desk, person, "password.html", words="", least=MIN_PASSWORD)


@router.post("/desk/password")
def change_password(request: Request, desk: DeskOf, person: Reader, form: ReaderForm) -> Response:
    """Change one's own password; other browsers have to sign in again."""
    with desk.database.read() as session:
        account = get_account(session, person.id)
    if not desk.throttle.may_try(account.name, address_of(request)):
        return show(desk, person, "password.html", words="That was wrong too often; wait.", least=MIN_PASSWORD)
    if account.password and not check_password(account, field(form, "old")):
        desk.throttle.note_failure(account.name, address_of(request))
        return show(desk, person, "password.html", words="The old password is not this one.", least=MIN_PASSWORD)
    try:
        with desk.database.write() as session:
            account = set_password(session, person.id, field(form, "password"))
    except ConflictError as error:
        return show(desk, person, "password.html", words=_sentence(error), least=MIN_PASSWORD)
    return _signed_in(request, desk, account, "/desk")


def _signed_in(request: Request, desk: Desk, account: Annotator, path: str) -> Response:
    response = go_to(path)
    set_cookie(request, response, desk.signer.sign(account.id, account.epoch), desk.settings.desk_session_s)
    return response


def _find_linked(desk: Desk, token: str) -> Annotator:
    link = desk.signer.read(token, "link")
    if link is not None:
        with desk.database.read() as session:
            account = session.get(Annotator, link.account_id)
        if account is not None and account.is_active and account.epoch == link.epoch:
            return account
    raise ConflictError("this link was used already, or is too old; ask an admin for another one")


def _safe(path: str) -> str:
    """A page of this desk: never another site's."""
    return path if path.startswith("/desk") and "\\" not in path and "//" not in path else "/desk"


def _sentence(error: Exception) -> str:
    return f"{str(error)[:1].upper()}{str(error)[1:]}."

"""/desk/people: accounts and their roles, for admins."""

from fastapi import APIRouter, Request, Response

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.routes.layout import go_to, show
from copydesk.service.desk.store.accounts import ROLES, add_account, change_account, get_account, list_accounts
from copydesk.service.desk.store.tables import Annotator
from copydesk.service.desk.web.forms import field
from copydesk.service.desk.web.people import Admin, AdminForm, DeskOf, Person

router = APIRouter()


@router.get("/desk/people")
def list_people(desk: DeskOf, person: Admin) -> Response:
    """Everybody who has an account."""
    return _show(desk, person)


@router.post("/desk/people")
def add_person(request: Request, desk: DeskOf, person: Admin, form: AdminForm) -> Response:
    """A new account, and the link with which it gets its password."""
    with desk.database.write() as session:
        account = add_account(session, field(form, "name"), field(form, "role"))
    return _show(desk, person, account, _link(request, desk, account))


@router.post("/desk/people/{account_id}")
def change_person(account_id: int, desk: DeskOf, person: Admin, form: AdminForm) -> Response:
    """Another role, or a locked account."""
    with desk.database.write() as session:
        change_account(session, account_id, field(form, "role"), is_active=field(form, "is_active") == "yes")
    return go_to("/desk/people")


@router.post("/desk/people/{account_id}/link")
def make_link(request: Request, account_id: int, desk: DeskOf, person: Admin, form: AdminForm) -> Response:
    """A link with which somebody chooses a new password; the old one works until then."""
    with desk.database.read() as session:
        account = get_account(session, account_id)
    return _show(desk, person, account, _link(request, desk, account))


def _show(desk: Desk, person: Person, new: Annotator | None = None, link: str = "") -> Response:
    with desk.database.read() as session:
        accounts = list_accounts(session)
    return show(desk, person, "people.html", accounts=accounts, roles=ROLES, new=new, link=link)


def _link(request: Request, desk: Desk, account: Annotator) -> str:
    token = desk.signer.sign(account.id, account.epoch, "link")
    return f"{request.url.scheme}://{request.url.netloc}/desk/welcome?token={token}"

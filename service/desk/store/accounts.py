"""Accounts: who may do what, known by argon2 hashes of their passwords."""

import secrets
from typing import get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from copydesk.service.desk.errors import ConflictError, MissingError
from copydesk.service.desk.store.tables import Annotator, Meta, Role

ROLES: tuple[Role, ...] = get_args(Role)
MIN_PASSWORD = 10  # characters
_MAX_PASSWORD = 200
_SECRET = "secret"
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody's password")  # checked where there is no account, so that it takes as long


def may(role: Role, needed: Role) -> bool:
    """Whether somebody of this role may do what `needed` may."""
    return ROLES.index(role) >= ROLES.index(needed)


def read_secret(session: Session) -> str:
    """The key that signs cookies and links: made once, the same for every server on this database."""
    found = session.get(Meta, _SECRET)
    if found is None:
        found = Meta(key=_SECRET, value=secrets.token_urlsafe(32))
        session.add(found)
    return found.value


def list_accounts(session: Session) -> list[Annotator]:
    """All of them, by name."""
    return list(session.scalars(select(Annotator).order_by(Annotator.name)))


def has_admin(session: Session) -> bool:
    """Somebody can make accounts."""
    found = select(func.count()).where(Annotator.role == "admin", Annotator.is_active, Annotator.password.is_not(None))
    return bool(session.scalar(found))


def find_account(session: Session, name: str) -> Annotator | None:
    """The account of this name."""
    return session.scalar(select(Annotator).where(Annotator.name == name))


def add_account(session: Session, name: str, role: str) -> Annotator:
    """A new account, without a password yet. Raises ConflictError."""
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise ConflictError("the name is empty or longer than 80 characters; give another one")
    account = Annotator(name=name, role=check_role(role))
    session.add(account)
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError(f"there is an account {name!r} already; choose another name") from error
    return account


def get_account(session: Session, account_id: int) -> Annotator:
    """The account. Raises MissingError."""
    account = session.get(Annotator, account_id)
    if account is None:
        raise MissingError(f"no account {account_id}; it was removed, or never was")
    return account


def change_account(session: Session, account_id: int, role: str, *, is_active: bool) -> Annotator:
    """Give it another role, or lock it. Ends its sessions. Raises ConflictError where no admin would be left."""
    account = get_account(session, account_id)
    account.role, account.is_active = check_role(role), is_active
    account.epoch += 1
    session.flush()
    if not has_admin(session):
        raise ConflictError("nobody could make accounts any more; make another admin first")
    return account


def set_password(session: Session, account_id: int, password: str) -> Annotator:
    """Give the account this password, which ends its sessions and links. Raises ConflictError for a weak one."""
    account = get_account(session, account_id)
    if not MIN_PASSWORD <= len(password) <= _MAX_PASSWORD:
        raise ConflictError(f"a password has {MIN_PASSWORD} to {_MAX_PASSWORD} characters; choose another one")
    if password.lower() == account.name.lower() or len(set(password)) < 5:
        raise ConflictError("this password is easily guessed; choose another one")
    account.password = _hasher.hash(password)
    account.epoch += 1
    return account


def check_password(account: Annotator | None, password: str) -> bool:
    """Whether it is the account's. Takes as long where there is no account."""
    known = account is not None and account.is_active and account.password
    try:
        _hasher.verify(
            account.password if account and known and account.password else _NOBODY, password[:_MAX_PASSWORD]
        )
    except (VerificationError, InvalidHashError):
        return False
    return bool(known)


def check_role(role: str) -> Role:
    """The role of this name. Raises ConflictError."""
    if role not in ROLES:
        raise ConflictError(f"no role {role[:40]!r}; expected {', '.join(ROLES)}")
    return role

"""Who is asking: a signed cookie after signing in, or a header of a proxy in front."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "copydesk"
_FORM = "csrf"
_HEADER = "x-csrf-token"
_LINK_S = 7 * 86_400  # that a link for a first password holds
Purpose = Literal["session", "link"]


@dataclass(frozen=True)
class Session:
    """An account as it was when it signed in; the nonce tells this session from others."""

    account_id: int
    epoch: int
    nonce: str


class Signer:
    """Signs cookies, links and forms with one key. For any thread."""

    def __init__(self, secret: str, session_s: float) -> None:
        self._secret = secret
        self._max_age_s = {"session": session_s, "link": float(_LINK_S)}

    def sign(self, account_id: int, epoch: int, purpose: Purpose = "session") -> str:
        """A token for the account, until its epoch changes or its time is over."""
        return self._serializer(purpose).dumps([account_id, epoch, secrets.token_urlsafe(12)])

    def read(self, token: str, purpose: Purpose = "session") -> Session | None:
        """What a token says; nothing where it is none of ours, or too old."""
        try:
            account_id, epoch, nonce = self._serializer(purpose).loads(token, max_age=int(self._max_age_s[purpose]))
        except (BadSignature, ValueError, TypeError):
            return None
        return Session(account_id, epoch, nonce)

    def form_token(self, nonce: str) -> str:
        """What a form of this session carries, so that no other site can send it."""
        return hmac.new(self._secret.encode(), f"csrf:{nonce}".encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, nonce: str, token: str) -> bool:
        """Whether a form of this session carries it."""
        return hmac.compare_digest(self.form_token(nonce).encode(), token.encode())

    def _serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=purpose)


def set_cookie(request: Request, response: Response, token: str, max_age_s: float) -> None:
    """Have the browser keep the token: out of reach of scripts, and never sent from another site."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(max_age_s),
        path="/desk",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def sent_form_token(request: Request, form: FormData | None) -> str:
    """The token of a request: a script sends it as a header, a form as a field."""
    value = form.get(_FORM, "") if form is not None else ""
    return request.headers.get(_HEADER) or (value if isinstance(value, str) else "")


def is_cross_site(request: Request) -> bool:
    """Another site's page has sent this: browsers say so."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")

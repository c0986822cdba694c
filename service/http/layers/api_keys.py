"""Who may ask: API keys, known only by their SHA-256 digests."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from copydesk.service.http.problems import respond

HEALTH_PATHS = frozenset({"/livez", "/readyz"})
_OPEN_PATHS = HEALTH_PATHS | {"/", "/desk", "/docs", "/openapi.json"}  # they hold no data, and / takes the key
_OPEN_FOLDERS = ("/static/", "/swagger/", "/desk/")  # the desk has accounts of its own


class KeyGate:
    """ASGI middleware: 401 for a request without a live key, but on health checks and pages for people.

    Leaves the key's digest in scope["state"]["key"]. Without `digests` everybody may pass. An admin's key passes too.
    """

    def __init__(self, app: ASGIApp, digests: Sequence[str], admins: Sequence[str] = ()) -> None:
        self._app = app
        self._digests = (*digests, *admins) if digests else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "http" and self._digests and not _is_open(scope["path"]):
            digest = find_key(Headers(scope=scope).get("authorization", ""), self._digests)
            if digest is None:
                detail = "no live API key; send it as the header Authorization: Bearer KEY"
                await respond(401, detail, {"WWW-Authenticate": "Bearer"})(scope, receive, send)
                return
            scope.setdefault("state", {})["key"] = digest
        await self._app(scope, receive, send)


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDERS)


def find_key(authorization: str, digests: Sequence[str]) -> str | None:
    """The digest of the bearer's key if it is among `digests`; compares with all of them, in constant time.

    Whoever can send only a name and a password, such as Label Studio, has the key as the password.
    """
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() == "basic":
        scheme, key = "bearer", _password(key)
    digest = hashlib.sha256(key.strip().encode("latin-1")).hexdigest()
    matches = [known for known in digests if hmac.compare_digest(known, digest)]
    return matches[0] if matches and scheme.lower() == "bearer" else None


def _password(credentials: str) -> str:
    """The password of HTTP's Basic scheme; none where it does not read."""
    try:
        return base64.b64decode(credentials, validate=True).decode("latin-1").partition(":")[2]
    except ValueError:
        return ""

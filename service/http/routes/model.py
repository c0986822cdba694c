"""POST /v1/model/reload: serve the store's current version now, for holders of an admin key."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel

from copydesk.service.http.layers.api_keys import find_key
from copydesk.service.http.problems import PROBLEM, Problem
from copydesk.service.inference.swap import SwapError, Swapper

RELOAD_PROBLEMS: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    401: PROBLEM | {"description": "No admin key."},
    403: PROBLEM | {"description": "The service has no admin keys."},
    409: PROBLEM | {"description": "The version was refused, or there is no store; the old model serves on."},
}


class ReloadAnswer(BaseModel):
    """Digests of the model that served before and of the one that serves now; the same where nothing was to do."""

    previous: str
    digest: str


async def reload_model(request: Request) -> ReloadAnswer:
    """Load the store's current version, try it, and put it in the old one's place without failing a request."""
    _check_admin(request)
    swapper: Swapper | None = request.app.state.swapper
    if swapper is None:
        raise Problem(409, "there is no store to load from; start the service with --store DIR")
    try:
        swapped = await swapper.reload()
    except SwapError as error:
        raise Problem(409, str(error)) from error
    return ReloadAnswer(previous=swapped.previous, digest=swapped.digest)


def _check_admin(request: Request) -> None:
    admins = request.app.state.settings.admin_keys
    if not admins:
        raise Problem(403, "no admin keys are set; set COPYDESK_ADMIN_KEYS to the SHA-256 digests of yours")
    if find_key(request.headers.get("authorization", ""), admins) is None:
        detail = "no admin key; send it as the header Authorization: Bearer KEY"
        raise Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})

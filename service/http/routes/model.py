"""The model that answers: GET /v1/model describes it, POST /v1/model/reload takes the store's current version."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel

from copydesk.client.answers import LabelOut, ModelDescription
from copydesk.model.analyzer import Analyzer
from copydesk.model.output.tags import LabelRule
from copydesk.service.http.layers.api_keys import find_key
from copydesk.service.http.problems import PROBLEM, Problem
from copydesk.service.inference.swap import SwapError, Swapper
from copydesk.service.settings import Settings

RELOAD_PROBLEMS: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    401: PROBLEM | {"description": "No admin key."},
    403: PROBLEM | {"description": "The service has no admin keys."},
    409: PROBLEM | {"description": "The version was refused, or there is no store; the old model serves on."},
}


class ReloadAnswer(BaseModel):
    """Digests of the model that served before and of the one that serves now; the same where nothing was to do."""

    previous: str
    digest: str


async def describe_model(request: Request) -> ModelDescription:
    """Labels, thresholds, device, limits and metrics of the model that answers."""
    settings: Settings = request.app.state.settings
    analyzer: Analyzer = request.app.state.scheduler.analyzer
    bundle = analyzer.bundle
    return {
        "name": bundle.name,
        "digest": bundle.digest,
        "labels": [_label(rule) for rule in bundle.rules],
        "encoder": bundle.encoder,
        "device": str(analyzer.device),
        "limits": {
            "max_documents": settings.max_documents,
            "max_body_bytes": settings.max_body_bytes,
            "max_document_tokens": analyzer.max_document_tokens,
            "request_timeout_s": settings.request_timeout_s,
        },
        "metrics": bundle.report.get("held_out", {}),
    }


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


def _label(rule: LabelRule) -> LabelOut:
    return {
        "label": rule.label,
        "threshold": rule.threshold,
        "slope": rule.slope,
        "intercept": rule.intercept,
    }


def _check_admin(request: Request) -> None:
    admins = request.app.state.settings.admin_keys
    if not admins:
        raise Problem(403, "no admin keys are set; set COPYDESK_ADMIN_KEYS to the SHA-256 digests of yours")
    if find_key(request.headers.get("authorization", ""), admins) is None:
        detail = "no admin key; send it as the header Authorization: Bearer KEY"
        raise Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})

"""Forms and uploads: read once, within limits, in memory: no text gets into a temporary file."""

from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from copydesk.service.http.body import BodyBudget, BodyLimits, check_announced, read_body
from copydesk.service.http.problems import Problem

_MAX_FIELDS, _MAX_FILES = 200, 1_000


class FormReader:
    """Reads the form of a request. For the event loop."""

    def __init__(self, limits: BodyLimits, budget: BodyBudget) -> None:
        self._limits = limits
        self._budget = budget

    async def read(self, request: Request) -> FormData:
        """Its fields and files. Raises Problem 408, 413, 415, 422 or 503."""
        check_announced(request, self._limits.max_bytes)
        with self._budget.share() as share:
            body = await read_body(request, self._limits, share)
            return await _parse(request.headers, body, self._limits.max_bytes)


async def read_uploads(form: FormData, field: str) -> list[tuple[str, bytes]]:
    """The files of a field, by name and content; none where none was chosen."""
    files = [one for one in form.getlist(field) if isinstance(one, UploadFile) and one.filename]
    return [(file.filename or "", await file.read()) for file in files]


def field(form: FormData, name: str, default: str = "") -> str:
    """A field's text."""
    value = form.get(name, default)
    return value if isinstance(value, str) else default


async def _parse(headers: Headers, body: bytes, max_bytes: int) -> FormData:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            limits = {"max_files": _MAX_FILES, "max_fields": _MAX_FIELDS, "max_part_size": max_bytes}
            parser = MultiPartParser(headers, _stream(body), **limits)
            parser.spool_max_size = max_bytes + 1
            return await parser.parse()
        if kind == "application/x-www-form-urlencoded":
            return await FormParser(headers, _stream(body)).parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise Problem(422, "the form does not read; send it again from the page") from error
    raise Problem(415, f"Content-Type {kind[:60] or 'missing'} is no form; send it from the page")


async def _stream(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""

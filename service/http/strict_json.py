"""JSON as it should be sent: UTF-8, no key twice, no NaN, no more values than any request needs."""

import json

from copydesk.model.files.json import Json
from copydesk.service.http.problems import Problem
from copydesk.service.settings import MAX_DOCUMENTS

MAX_KEYS = 64  # of one object; the largest that a request needs has five
# Of a whole body; a document has four at most and is one itself. 16 MB of `[],` would be 400 MB of lists, made in 3 s
# in which no other thread runs.
MAX_VALUES = 10 * MAX_DOCUMENTS


def parse(body: bytes) -> Json:
    """The value of a JSON body. Raises Problem 422."""
    if not body:
        raise Problem(422, "the body is empty; send an object like the example at /docs")
    _check_structure(body)
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise Problem(422, f"the body is not UTF-8 at byte {error.start}; send JSON in UTF-8") from error
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(422, f"the body is not JSON{where}; send an object like the example at /docs") from error


def _check_structure(body: bytes) -> None:
    """Refuse a body of too many values before they are made. Counts right as far as the body is JSON."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"")  # every quote left begins or ends a string
    if bare.count(b'"') <= 4 * MAX_VALUES:  # two for a key, two for its value
        outside = b"".join(bare.split(b'"')[::2])
        if outside.count(b",") + outside.count(b"[") + outside.count(b"{") <= MAX_VALUES:
            return
    raise Problem(422, f"the body has more than {MAX_VALUES} values; send fewer documents at a time")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(pairs) > MAX_KEYS:
        raise Problem(422, f"{len(pairs)} keys in one object, the limit is {MAX_KEYS}; send only those at /docs")
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise Problem(422, f"key {key[:60]!r} stands twice in one object; send it once")
        found[key] = value
    return found


def _refuse(constant: str) -> None:
    raise Problem(422, f"{constant} is not JSON; send a finite number")

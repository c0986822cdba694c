"""How answers are written."""

import json

from copydesk.model.files.json import Json


def render(answer: Json) -> bytes:
    """The answer as JSON. Half a surrogate pair, which an id may hold, leaves as the escape it came as."""
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")

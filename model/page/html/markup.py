"""What a page's markup says: its main text, its title, and where its stories begin."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Markup:
    """The main text, one paragraph a line, and what the markup tells of it.

    title: the one that the page gives itself, outside its text; headlines: where in the text the headline of each of
    its stories begins, none where there is no markup; date: of publication, as 2025-06-03; language: an ISO 639 code.
    """

    text: str
    title: str | None = None
    headlines: tuple[int, ...] | None = None
    byline: str | None = None
    date: str | None = None
    outlet: str | None = None
    language: str | None = None

    def to_json(self) -> bytes:
        """For another process."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Markup":
        """What `to_json` gave."""
        values = json.loads(data)
        return cls(**values | {"headlines": tuple(values["headlines"])})

"""What the reading screen sends, and what it gets."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from copydesk.service.desk.queue.leases import MAIN
from copydesk.service.desk.reading.screen import Shown

MAX_HELD = 3  # stories that one page holds: the one that is read, and the next

_Id = Annotated[str, Field(min_length=8, max_length=36, pattern=r"^[\w-]+$")]
_Spans = Annotated[list[tuple[int, int]], Field(max_length=2_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClaimIn(_Body):
    """Which stories are wanted."""

    lane: Annotated[str, Field(max_length=40)] = MAIN
    n: Annotated[int, Field(ge=1, le=MAX_HELD)] = 1
    held: Annotated[list[int], Field(max_length=MAX_HELD)] = Field([], description="Items that the page shows already.")


class SaveIn(_Body):
    """What somebody says of a story. save_id: made by the page; saving it again changes nothing."""

    save_id: _Id
    lane: Annotated[str, Field(max_length=40)] = ""
    item: int | None = None
    story: int
    verdicts: dict[int, Literal["yes", "no", "unsure"]]
    summary: _Spans | None = None
    furniture: _Spans | None = None


class UndoIn(_Body):
    """What to take back."""

    save_id: _Id
    undo_id: _Id
    lane: Annotated[str, Field(max_length=40)] = MAIN


class ItemsIn(_Body):
    """Some items of the queue."""

    items: Annotated[list[int], Field(max_length=MAX_HELD)]


class Claimed(BaseModel):
    """Stories to judge, in order."""

    stories: list[Shown]


class Saved(BaseModel):
    """It is kept. note: what whoever saved should know, if anything."""

    note: str


class Undone(BaseModel):
    """The story, to be judged anew."""

    story: Shown


class Renewed(BaseModel):
    """How many of the items are still held."""

    n_held: int

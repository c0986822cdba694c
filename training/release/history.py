"""What the journal says of the comparisons that a version went through."""

from collections.abc import Sequence

from copydesk.model.bundles.journal import Event

FROZEN, NEW = "frozen test", "new data"
MACRO = "macro-F1"


def last_macro_f1(events: Sequence[Event], digest: str) -> float | None:
    """The version's macro-F1 on the frozen test when it was last judged; none where it never was."""
    for event in reversed(events):
        if event.digest == digest:
            for figure in event.details.get("result", {}).get("figures", ()):
                if (figure["place"], figure["figure"]) == (FROZEN, MACRO):
                    return None if figure["candidate"] is None else float(figure["candidate"])
    return None

"""Which labels a model has that are called like something."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from copydesk.client.answers import LabelOut

_LIKE = 0.6  # how alike two words are that are likely meant to be the same: difflib's own cutoff


def search(labels: Sequence[LabelOut], query: str) -> list[LabelOut]:
    """The labels that are called like the query, the likest first; all of them without one."""
    if not query.strip():
        return list(labels)
    likeness = {label["label"]: _likeness(label["label"].casefold(), query.casefold().strip()) for label in labels}
    found = [label for label in labels if likeness[label["label"]] >= _LIKE]
    return sorted(found, key=lambda label: -likeness[label["label"]])


def _likeness(label: str, query: str) -> float:
    """1 where one holds the other, else how alike their likest words are."""
    if label in query or query in label:
        return 1.0
    words = label.replace("-", " ").replace("_", " ").split()
    return max((SequenceMatcher(None, a, b).ratio() for a in words for b in query.split()), default=0.0)

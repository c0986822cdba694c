import pytest

from copydesk.client.answers import LabelOut
from copydesk.service.mcp.labels import search

NAMES = ("trade", "security", "taiwan", "drug-trade", "public health")
LABELS: list[LabelOut] = [{"label": name, "threshold": 0.5, "slope": 1.0, "intercept": 0.0} for name in NAMES]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", list(NAMES)),
        ("trade", ["trade", "drug-trade"]),
        ("Helth", ["public health"]),
        ("taiwanese", ["taiwan"]),
        ("steel trade", ["trade", "drug-trade"]),
        ("football", []),
    ],
)
def test_labels_are_found_by_what_they_are_called_like(query: str, found: list[str]) -> None:
    assert [label["label"] for label in search(LABELS, query)] == found

from pathlib import Path

import pytest

from copydesk.model.bundles.tally import LabelTally, Tally, read_tally, write_tally
from copydesk.model.errors import StoreError

MORNING = Tally(
    10, {"trade": LabelTally(3, 1, 0), "drugs": LabelTally(0, 0, 2)}, "2026-05-01T08:00", "2026-05-01T09:00"
)
EVENING = Tally(
    5, {"trade": LabelTally(1, 1, 1), "taiwan": LabelTally(0, 1, 0)}, "2026-05-01T18:00", "2026-05-01T19:00"
)


def test_runs_of_a_service_add_up(tmp_path: Path) -> None:
    write_tally(tmp_path, "new", "old", "run-1", MORNING)
    write_tally(tmp_path, "new", "old", "run-2", EVENING)
    assert read_tally(tmp_path, "new", "old") == Tally(
        15,
        {"trade": LabelTally(4, 2, 1), "drugs": LabelTally(0, 0, 2), "taiwan": LabelTally(0, 1, 0)},
        "2026-05-01T08:00",
        "2026-05-01T19:00",
    )


def test_a_run_replaces_what_it_wrote_before(tmp_path: Path) -> None:
    write_tally(tmp_path, "new", "old", "run-1", MORNING)
    write_tally(tmp_path, "new", "old", "run-1", MORNING + EVENING)
    assert read_tally(tmp_path, "new", "old") == MORNING + EVENING


def test_another_pair_of_versions_has_counts_of_its_own(tmp_path: Path) -> None:
    write_tally(tmp_path, "new", "old", "run-1", MORNING)
    assert read_tally(tmp_path, "new", "older") is None
    assert read_tally(tmp_path, "old", "new") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"labels": {"trade": {"neither": 1}}}'])
def test_a_file_that_does_not_read_is_named(content: str, tmp_path: Path) -> None:
    write_tally(tmp_path, "new", "old", "run-1", MORNING)
    path = tmp_path / "shadow" / "new" / "old" / "run-2.json"
    path.write_text(content)
    with pytest.raises(StoreError) as caught:
        read_tally(tmp_path, "new", "old")
    assert str(caught.value) == f"{path}: does not read as counts of a shadow; remove it"

import io
from collections import Counter

from rich.console import Console

from copydesk.service.bulk.records import Counts
from copydesk.service.cli.progress import JobProgress, summarise_job


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_a_resume_rows_count_those_kept_and_the_rate_is_of_the_work_alone() -> None:
    clock = Clock()
    progress = JobProgress(Console(file=io.StringIO()), n_bytes=1000, n_kept=5000, clock=clock)
    clock.now = 90  # what is kept was passed over
    progress.add(Counts(), 500)
    clock.now = 100
    progress.add(Counts(rows=200, tokens=2000), 600)
    assert progress.describe(600) == "5,200 rows, 20.0 articles/s, 200 tokens/s, 60%, 0:00:40 left"


def test_a_new_job_counts_from_its_start() -> None:
    clock = Clock()
    progress = JobProgress(Console(file=io.StringIO()), n_bytes=None, clock=clock)
    clock.now = 10
    progress.add(Counts(rows=50, failed=1, tokens=700, labels=Counter(trade=3)), 0)
    assert progress.describe(0) == "50 rows, 5.0 articles/s, 70 tokens/s"
    assert summarise_job(progress.counts, progress, "out.jsonl").splitlines() == [
        "50 rows, 1 failed, 700 tokens -> out.jsonl",
        "labels: trade 3",
        "errors: out.jsonl.errors.jsonl",
        "this run: 50 rows in 0:00:10, 5.0 articles/s, 70 tokens/s",
    ]


def test_without_a_terminal_a_line_comes_every_half_minute() -> None:
    clock, file = Clock(), io.StringIO()
    progress = JobProgress(Console(file=file, width=20), n_bytes=None, clock=clock)
    for clock.now in range(1, 62):
        progress.add(Counts(rows=10, tokens=100), 0)
    assert file.getvalue().splitlines() == [
        "300 rows, 10.0 articles/s, 100 tokens/s",
        "600 rows, 10.0 articles/s, 100 tokens/s",
    ]

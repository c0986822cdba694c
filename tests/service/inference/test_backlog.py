import asyncio
from collections.abc import Callable, Iterator

import pytest

from copydesk.model.analyzer import Analyzer
from copydesk.model.network.encoding import Encoding
from copydesk.model.network.windows import tokenize_story
from copydesk.service.inference.backlog import Backlog, ClosedError, ForwardError, Job

MakeJob = Callable[[int], Job]


@pytest.fixture
def make_job(analyzer: Analyzer) -> Iterator[MakeJob]:
    """Jobs of this many windows, of ten tokens each."""
    loop = asyncio.new_event_loop()

    def make(n_windows: int) -> Job:
        story = tokenize_story([list(range(10))] * n_windows, 12, has_title=False)
        return Job(analyzer, Encoding([story]), loop.create_future(), loop)

    yield make
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def take(backlog: Backlog) -> dict[Job, int]:
    """Tokens that the next pass takes of each job."""
    taken = backlog.take(0)
    assert taken is not None
    return {job: sum(len(part.tokens.token_ids) for part in parts) for job, parts in taken.items()}


def test_a_short_text_is_not_stuck_behind_a_long_one(make_job: MakeJob) -> None:
    backlog, long, short = Backlog(100), make_job(1000), make_job(2)
    backlog.put(long)
    assert take(backlog) == {long: 100}
    backlog.put(short)
    assert take(backlog) == {long: 80, short: 20}
    assert take(backlog) == {long: 100}


def test_a_long_text_gets_most_of_each_pass_however_many_short_ones_come(make_job: MakeJob) -> None:
    backlog, long = Backlog(100), make_job(20)
    backlog.put(long)
    n_passes = 0
    while len(backlog) and long.encoding.n_tokens_left:
        for _ in range(10):
            backlog.put(make_job(1))
        assert take(backlog)[long] == min(70, 200 - 70 * n_passes)  # whole windows of 10 in three quarters of 100
        n_passes += 1
    assert n_passes == 3


def test_the_shortest_rest_goes_first(make_job: MakeJob) -> None:
    backlog, jobs = Backlog(80), [make_job(n) for n in (50, 9, 3, 2)]
    for job in jobs:
        backlog.put(job)
    assert take(backlog) == {jobs[0]: 60, jobs[3]: 20}
    assert take(backlog) == {jobs[0]: 60, jobs[2]: 20}


def test_jobs_whose_client_is_gone_are_dropped_before_compute(make_job: MakeJob) -> None:
    backlog, gone, stays = Backlog(100), make_job(3), make_job(3)
    for job in (gone, stays):
        backlog.put(job)
    gone.future.cancel()
    assert take(backlog) == {stays: 30}
    assert gone.encoding.n_tokens_left == 30


def test_a_job_that_failed_gets_no_further_passes(make_job: MakeJob) -> None:
    backlog, job = Backlog(20), make_job(5)
    backlog.put(job)
    assert take(backlog) == {job: 20}
    job.resolve(ForwardError("no"))
    assert take(backlog) == {}
    job.loop.run_until_complete(asyncio.sleep(0))
    assert isinstance(job.future.exception(), ForwardError)


def test_a_closed_backlog_takes_nothing_new_and_ends_when_it_is_empty(make_job: MakeJob) -> None:
    backlog, job = Backlog(20), make_job(3)
    backlog.put(job)
    backlog.close()
    with pytest.raises(ClosedError):
        backlog.put(make_job(1))
    assert take(backlog) == {job: 20}
    assert take(backlog) == {job: 10}
    assert backlog.take(0) is None


def test_every_future_ends_when_the_backlog_is_failed(make_job: MakeJob) -> None:
    backlog, job = Backlog(20), make_job(3)
    backlog.put(job)
    backlog.fail_all(ForwardError("stopped"))
    job.loop.run_until_complete(asyncio.sleep(0))
    assert str(job.future.exception()) == "stopped"
    assert len(backlog) == 0

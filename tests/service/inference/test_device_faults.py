import asyncio
import sys

import pytest

from copydesk.model.analysis import Analysis
from copydesk.model.analyzer import Analyzer
from copydesk.service.inference.admission import Admission
from copydesk.service.inference.backlog import ForwardError
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.metrics import Metrics
from support.scheduling import Gate, ask, running, until


def test_failed_batch_reports_the_error_to_every_caller(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("device lost")

    async def run() -> None:
        async with running(analyzer) as scheduler:
            with monkeypatch.context() as patch:
                patch.setattr(analyzer.engine, "begin", explode)
                errors = await asyncio.gather(*(ask(scheduler) for _ in range(3)), return_exceptions=True)
            assert [type(error) for error in errors] == [ForwardError] * 3
            (answer,) = await ask(scheduler)
            assert isinstance(answer, Analysis)
            assert scheduler.admission.n_tokens == 0

    asyncio.run(run())


def test_a_device_that_failed_is_probed_until_it_works_again(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("device lost")

    async def run() -> None:
        monkeypatch.setattr("copydesk.service.inference.scheduler._IDLE_S", 0.01)
        async with running(analyzer) as scheduler:
            with monkeypatch.context() as patch:
                patch.setattr(analyzer.engine, "begin", explode)
                for _ in range(3):
                    with pytest.raises(ForwardError):
                        await ask(scheduler)
                assert scheduler.health.fault
            await until(lambda: scheduler.health.fault is None)

    asyncio.run(run())


def test_a_pass_that_hangs_is_a_fault_until_it_ends(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(analyzer, monkeypatch)

    async def run() -> None:
        async with running(analyzer, max_pass_s=0.01) as scheduler:
            answer = ask(scheduler)
            await gate.wait()
            await until(lambda: scheduler.health.fault is not None)
            gate.is_open.set()
            assert isinstance((await answer)[0], Analysis)
            await until(lambda: scheduler.health.fault is None)

    asyncio.run(run())


def test_every_future_ends_when_the_service_closes_during_a_hung_pass(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(analyzer, monkeypatch)

    async def run() -> list[object]:
        scheduler = Scheduler(analyzer, admission=Admission(60), max_pass_s=60, metrics=Metrics())
        calls = [ask(scheduler)]
        await gate.wait()
        calls.append(ask(scheduler))
        await until(lambda: len(scheduler._backlog) == 1)
        await asyncio.to_thread(scheduler.close, 0.01)
        outcomes: list[object] = [*await asyncio.gather(*calls, return_exceptions=True)]
        gate.is_open.set()
        await asyncio.to_thread(scheduler._thread.join)
        return outcomes

    assert [type(outcome) for outcome in asyncio.run(run())] == [ForwardError, ForwardError]


def test_an_error_outside_a_pass_fails_the_texts_under_way_and_the_next_are_answered(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with running(analyzer) as scheduler:
            with monkeypatch.context() as patch:
                patch.setattr(scheduler._metrics, "note_waits", lambda waits: 1 / 0)
                with pytest.raises(ForwardError, match="thread failed"):
                    await ask(scheduler)
            assert scheduler.fault is None
            (answer,) = await ask(scheduler)
            assert isinstance(answer, Analysis)

    asyncio.run(run())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_models_thread_that_ended_is_a_fault_and_started_again(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with running(analyzer) as scheduler:
            with monkeypatch.context() as patch:
                patch.setattr(scheduler._backlog, "take", lambda *_, **__: sys.exit())
                await until(lambda: not scheduler._thread.is_alive())
            assert scheduler.fault == "the model's thread ended"
            assert scheduler.fault is None
            (answer,) = await ask(scheduler)
            assert isinstance(answer, Analysis)

    asyncio.run(run())

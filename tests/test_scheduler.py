import asyncio
import threading

import pytest

from model.analysis import Analysis, Document, Failure, Options
from model.analyzer import Analyzer
from service.scheduler import OverloadedError, Scheduler
from tiny import STORY


def test_every_caller_gets_its_own_answer(analyzer: Analyzer) -> None:
    async def many() -> list[int]:
        scheduler = Scheduler(analyzer, max_queued_tokens=1_000_000)
        texts = [STORY + f" The team of {n} won." for n in range(50)]
        answers = await asyncio.gather(*(scheduler.analyze([Document(text)], Options()) for text in texts))
        await asyncio.to_thread(scheduler.close)
        return [
            sum(isinstance(a, Analysis) and a.coverage.characters == len(text) for a in answer)
            for answer, text in zip(answers, texts, strict=True)
        ]

    assert asyncio.run(many()) == [1] * 50


def test_failed_batch_reports_the_error_to_every_caller(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("device lost")

    async def run() -> list[object]:
        scheduler = Scheduler(analyzer, max_queued_tokens=1_000_000)
        monkeypatch.setattr(analyzer, "forward", explode)
        calls = [scheduler.analyze([Document(STORY)], Options()) for _ in range(3)]
        failed: list[object] = [*await asyncio.gather(*calls, return_exceptions=True)]
        monkeypatch.undo()
        failed += await scheduler.analyze([Document(STORY)], Options())
        await asyncio.to_thread(scheduler.close)
        return failed

    *errors, answer = asyncio.run(run())
    assert [str(error) for error in errors] == ["device lost"] * 3
    assert isinstance(answer, Analysis)


def test_a_full_queue_refuses_at_once_and_keeps_what_it_admitted(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    original = analyzer.forward

    async def run() -> tuple[list[object], list[object]]:
        scheduler = Scheduler(analyzer, max_queued_tokens=200)
        monkeypatch.setattr(analyzer, "forward", lambda prepared: gate.wait(20) and original(prepared))
        admitted = [asyncio.create_task(scheduler.analyze([Document(STORY)], Options()))]
        while scheduler._jobs or not admitted:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # the first job now waits inside the model
        admitted += [asyncio.create_task(scheduler.analyze([Document(STORY)], Options())) for _ in range(20)]
        await asyncio.sleep(0.5)
        refused = [task for task in admitted if task.done()]
        gate.set()
        outcomes = await asyncio.gather(*admitted, return_exceptions=True)
        await asyncio.to_thread(scheduler.close)
        return [task.exception() for task in refused], list(outcomes)

    refused, outcomes = asyncio.run(run())
    assert refused
    assert all(isinstance(error, OverloadedError) for error in refused)
    assert sum(isinstance(outcome, list) for outcome in outcomes) == len(outcomes) - len(refused)


def test_a_document_that_fails_does_not_reach_the_model(analyzer: Analyzer) -> None:
    async def run() -> list[object]:
        scheduler = Scheduler(analyzer, max_queued_tokens=1000)
        results: list[object] = [*await scheduler.analyze([Document("", id="a"), Document(STORY)], Options())]
        await asyncio.to_thread(scheduler.close)
        return results

    bad, good = asyncio.run(run())
    assert isinstance(bad, Failure)
    assert bad.id == "a"
    assert isinstance(good, Analysis)

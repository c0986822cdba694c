import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from copydesk.model.analysis import Analysis, Document, Failure, Options, Result
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.engine import Documents
from copydesk.model.network.pooling import SentenceSums
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.pool import Cancellation
from copydesk.model.preparing import Prepared
from copydesk.service.inference.admission import OverloadedError
from support.scheduling import Gate, ask, running, until
from support.tiny import STORY


def test_every_caller_gets_its_own_answer(analyzer: Analyzer) -> None:
    async def run() -> None:
        texts = [STORY * (1 + n % 7) + f" The team of {n} won." for n in range(50)]
        async with running(analyzer) as scheduler:
            answers = await asyncio.gather(*(ask(scheduler, text) for text in texts))
        for (answer,), text in zip(answers, texts, strict=True):
            assert isinstance(answer, Analysis)
            assert answer.coverage.characters == len(text)

    asyncio.run(run())


def test_a_text_longer_than_a_pass_gets_the_answer_of_one_go(analyzer: Analyzer) -> None:
    text = STORY * 60

    async def run() -> object:
        async with running(analyzer) as scheduler:
            scheduler._backlog.pass_tokens = 200
            (answer,) = await ask(scheduler, text)
            return answer

    answer, expected = asyncio.run(run()), analyzer.analyze(text)
    assert isinstance(answer, Analysis)
    assert answer.coverage == expected.coverage
    for one, other in zip(answer.story.tags, expected.story.tags, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)  # fp32, CPU


def test_a_full_queue_refuses_at_once_and_keeps_what_it_admitted(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(analyzer, monkeypatch)

    async def run() -> None:
        async with running(analyzer) as scheduler:
            scheduler.admission._max_delay_s = 500 / scheduler.admission.rate
            admitted = [ask(scheduler) for _ in range(7)]  # 64 tokens each
            await gate.wait()
            with pytest.raises(OverloadedError):
                await scheduler.analyze([Document(STORY)], Options())
            gate.is_open.set()
            answers = await asyncio.gather(*admitted)
            assert all(isinstance(answer, Analysis) for (answer,) in answers)

    asyncio.run(run())


def test_abandoned_and_expired_requests_are_dropped_before_compute(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(analyzer, monkeypatch)

    async def run() -> None:
        async with running(analyzer) as scheduler:
            first = ask(scheduler)
            await gate.wait()
            n_before = scheduler.admission.n_tokens
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await scheduler.analyze([Document(STORY * 50)], Options())
            assert scheduler.admission.n_tokens == n_before
            gate.is_open.set()
            await first
            await ask(scheduler)

    asyncio.run(run())
    n_tokens = analyzer.prepare(Document(STORY), Options()).n_tokens
    assert gate.n_tokens == [n_tokens, n_tokens]


def test_a_document_that_fails_does_not_reach_the_model(analyzer: Analyzer) -> None:
    async def run() -> list[object]:
        async with running(analyzer) as scheduler:
            return [*await scheduler.analyze([Document("", id="a"), Document(STORY)], Options())]

    bad, good = asyncio.run(run())
    assert isinstance(bad, Failure)
    assert bad.id == "a"
    assert isinstance(good, Analysis)


def test_a_score_that_is_no_number_fails_its_document_alone(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = analyzer.engine.begin

    def spoil(documents: Documents) -> SimpleNamespace:
        running = original(documents)

        def end() -> list[SentenceSums]:
            nan = float("nan")
            return [SentenceSums(s.sums * nan if len(s.sums) == 1 else s.sums, s.counts) for s in running.end()]

        return SimpleNamespace(end=end)

    async def run() -> list[object]:
        async with running(analyzer) as scheduler:
            return [*await scheduler.analyze([Document("The army won the match."), Document(STORY)], Options())]

    monkeypatch.setattr(analyzer.engine, "begin", spoil)
    bad, good = asyncio.run(run())
    assert isinstance(bad, Failure)
    assert bad.code == "non_finite"
    assert isinstance(good, Analysis)


def test_an_error_that_nobody_foresaw_fails_its_document_alone_and_is_logged_without_text(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    prepare = analyzer.prepare

    def fail(document: Document, options: Options, markup: Markup | None = None) -> Prepared:
        if document.id == "bad":
            raise RecursionError(document.text)
        return prepare(document, options, markup)

    async def run() -> None:
        monkeypatch.setattr(analyzer, "prepare", fail)
        async with running(analyzer) as scheduler:
            documents = [Document(STORY, id="bad"), Document(STORY, id="good")]
            bad, good = await scheduler.analyze(documents, Options())
        assert isinstance(bad, Failure)
        assert (bad.id, bad.code) == ("bad", "internal")
        assert isinstance(good, Analysis)

    asyncio.run(run())
    assert "a document failed: RecursionError, at " in caplog.text
    assert STORY[:20] not in caplog.text


def test_texts_are_answered_while_every_slot_for_pages_is_taken(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_open = threading.Event()
    cancelled: list[Cancellation] = []

    def read_slowly(html: str, *, cancellation: Cancellation) -> Markup:
        cancelled.append(cancellation)
        assert is_open.wait(30)
        return Markup(STORY)

    async def run() -> None:
        monkeypatch.setattr("copydesk.service.inference.hands.read_html", read_slowly)
        async with running(analyzer) as scheduler:
            pages = [asyncio.ensure_future(scheduler.analyze([Document("", html="x")], Options())) for _ in range(9)]
            await until(lambda: len(cancelled) == 2)
            (answer,) = await ask(scheduler)
            assert isinstance(answer, Analysis)
            pages[0].cancel()
            await until(lambda: cancelled[0]._is_cancelled)
            is_open.set()
            assert all(isinstance(page[0], Analysis) for page in await asyncio.gather(*pages[1:]))

    asyncio.run(run())


def test_a_crew_gives_the_answers_that_threads_give(tiny_bundle: Path, analyzer: Analyzer) -> None:
    documents = [Document(STORY, id="a"), Document("", id="b"), Document(html=f"<p>{STORY * 3}</p>", text="", id="c")]

    async def run(used: Analyzer) -> list[Result]:
        async with running(used) as scheduler:
            return await scheduler.analyze(documents, Options())

    staffed = Analyzer.load(tiny_bundle, replace(analyzer.device, n_processes=1))
    assert asyncio.run(run(staffed)) == asyncio.run(run(analyzer))


def test_a_long_text_is_answered_as_alone_and_keeps_no_thread_from_others(analyzer: Analyzer) -> None:
    long = Document(STORY * 400)

    async def run() -> Result:
        async with running(analyzer) as scheduler:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(analyzer, "prepare", None)  # what threads of this process would call
                (result,) = await scheduler.analyze([long], Options())
            return result

    assert asyncio.run(run()) == analyzer.analyze(long)


def test_a_long_text_that_cannot_be_analysed_says_why(analyzer: Analyzer) -> None:
    async def run() -> Result:
        async with running(analyzer) as scheduler:
            (result,) = await scheduler.analyze([Document("1 " * 50_000)], Options())
            return result

    result = asyncio.run(run())
    assert isinstance(result, Failure)
    assert result.code == "no_letters"

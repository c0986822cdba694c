import threading
from collections.abc import Iterator, Sequence

import pytest

from copydesk.model.analysis import Analysis, Document, Failure, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import InstallError
from copydesk.model.network.scores import StoryScores
from copydesk.model.preparing import Prepared
from copydesk.model.stream import prefetch
from support.tiny import STORY


def test_items_are_made_while_the_last_one_is_in_use() -> None:
    made = [threading.Event() for _ in range(4)]

    def make() -> Iterator[int]:
        for i, event in enumerate(made):
            event.set()
            yield i

    items = prefetch(make(), 2)
    assert next(items) == 0
    assert made[2].wait(20)
    assert list(items) == [1, 2, 3]


def test_an_error_comes_where_its_item_would_have_come() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    items = prefetch(make(), 2)
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_a_stream_that_is_left_early_stops_its_source() -> None:
    made: list[int] = []

    def make() -> Iterator[int]:
        for i in range(1000):
            made.append(i)
            yield i

    items = prefetch(make(), 2)
    next(items)
    items.close()  # type: ignore[attr-defined]  # a generator
    assert len(made) <= 4


def test_the_rest_of_a_stream_from_a_group_on_is_scored_to_the_last_bit_alike(analyzer: Analyzer) -> None:
    documents = [Document(f"{STORY * (n % 3 + 1)} The goal fell in minute {n}.") for n in range(20)]
    whole = list(analyzer.analyze_many(documents, group=5))
    assert list(analyzer.analyze_many(documents[10:], group=5)) == whole[10:]


def test_a_failure_among_the_documents_is_handed_through(analyzer: Analyzer) -> None:
    failure = Failure("a", "invalid_row", "not JSON")
    first, second, third = analyzer.analyze_many([failure, Document(STORY), Document("")])
    assert first is failure
    assert isinstance(second, Analysis)
    assert isinstance(third, Failure)


def test_an_error_that_nobody_foresaw_fails_its_document_alone(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, finish = analyzer.prepare, analyzer.finish

    def fail_to_prepare(document: Document, options: Options) -> Prepared:
        if document.id == "1":
            raise RecursionError
        return prepare(document, options)

    def fail_to_finish(prepared: Prepared, scores: Sequence[StoryScores], options: Options) -> Analysis:
        if prepared.document.id == "3":
            raise IndexError
        return finish(prepared, scores, options)

    monkeypatch.setattr(analyzer, "prepare", fail_to_prepare)
    monkeypatch.setattr(analyzer, "finish", fail_to_finish)
    results = list(analyzer.analyze_many(Document(STORY, id=str(n)) for n in range(5)))
    assert [isinstance(result, Failure) and result.code for result in results] == [
        *(False, "internal", False, "internal", False)
    ]


def test_a_fault_of_the_installation_is_no_fault_of_a_document(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(document: Document, options: Options) -> Prepared:
        raise InstallError("lxml is not installed")

    monkeypatch.setattr(analyzer, "prepare", fail)
    with pytest.raises(InstallError):
        list(analyzer.analyze_many([Document(STORY)]))

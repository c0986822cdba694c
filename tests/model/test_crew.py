import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from copydesk.model.analysis import Document, Failure, Options, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.model.crew import Crew
from copydesk.model.errors import DocumentError
from support.tiny import ROOT, STORY

OPTIONS = Options(summary=SummaryOptions(sentences=2))
WAIT_S = 60


@pytest.fixture(scope="module")
def staffed(tiny_bundle: Path, analyzer: Analyzer) -> Analyzer:
    """The analyzer with two processes, as on a GPU."""
    return Analyzer.load(tiny_bundle, replace(analyzer.device, n_processes=2))


@pytest.fixture
def crew(staffed: Analyzer) -> Crew:
    assert staffed.crew
    return staffed.crew


def test_a_crew_gives_the_results_of_one_process(analyzer: Analyzer, staffed: Analyzer) -> None:
    documents: list[Document | Failure] = [
        Document(f"{STORY * (n % 4 + 1)} The goal fell in minute {n}.", id=str(n)) for n in range(70)
    ]
    documents[3:3] = [Failure("x", "invalid_row", "not JSON"), Document("", id="y")]
    expected = list(analyzer.analyze_many(documents, OPTIONS))
    assert list(staffed.analyze_many(documents, OPTIONS)) == expected
    assert [result.code for result in expected if isinstance(result, Failure)] == ["invalid_row", "empty_text"]


def test_a_single_document_goes_there_and_back(analyzer: Analyzer, staffed: Analyzer, crew: Crew) -> None:
    document = Document(STORY, "Steel", "a")
    ready = crew.prepare(document, OPTIONS).result(WAIT_S)
    assert ready.n_tokens == analyzer.prepare(document, OPTIONS).n_tokens
    (scores,) = staffed.engine.forward([ready.tokens])
    assert crew.finish(ready, scores, OPTIONS).result(WAIT_S) == analyzer.analyze(document, OPTIONS)


def test_what_a_document_lacks_is_said_as_by_one_process(crew: Crew) -> None:
    with pytest.raises(DocumentError, match="the text is empty") as caught:
        crew.prepare(Document(" "), OPTIONS).result(WAIT_S)
    assert caught.value.code == "empty_text"


def test_a_stream_is_read_only_so_far_ahead(crew: Crew) -> None:
    read: list[int] = []

    def documents() -> Iterator[Document]:
        for n in range(10_000):
            read.append(n)
            yield Document(STORY)

    prepared = crew.prepare_all(documents(), OPTIONS)
    next(prepared)
    prepared.close()  # type: ignore[attr-defined]  # a generator
    assert len(read) <= 6 * 16


def test_processes_that_were_killed_are_replaced(tiny_bundle: Path, analyzer: Analyzer) -> None:
    crew = Analyzer.load(tiny_bundle, replace(analyzer.device, n_processes=1)).crew
    assert crew
    victim = crew._submit(os.getpid).result(WAIT_S)
    os.kill(victim, signal.SIGKILL)
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            assert crew.prepare(Document(STORY), OPTIONS).result(WAIT_S).n_tokens
            break
        except BrokenProcessPool:  # it was under way when the pool broke
            continue
    assert crew._submit(os.getpid).result(WAIT_S) != victim


def test_processes_end_when_their_parent_is_killed(tiny_bundle: Path, tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import os, sys\nfrom dataclasses import replace\nfrom copydesk.model.analyzer import Analyzer\n"
        "from copydesk.model.network.device import choose_device\n"
        "if __name__ == '__main__':\n"
        "    crew = Analyzer.load(sys.argv[1], replace(choose_device('cpu'), n_processes=1)).crew\n"
        "    print(crew._submit(os.getpid).result(), flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, str(program), str(tiny_bundle)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait(WAIT_S)
    end = time.monotonic() + WAIT_S
    while _is_running(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False

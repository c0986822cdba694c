"""The bundle `fast` beside the default one: articles/s from text to answer and over HTTP, and how often both agree."""

import statistics
from collections.abc import Sequence
from functools import partial

import uvloop

from benchmarks.bench import Bench, Report, SkippedError, read_articles
from benchmarks.servers import serve_copydesk
from benchmarks.speed.engine import time_in_turns
from benchmarks.speed.load import measure
from copydesk.model.analysis import Analysis, Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import SHIPPED

N_CLIENTS = 16
_MIN_GAIN = 1.8  # of the smaller bundle's rate over the larger one's


def main(bench: Bench) -> Report:
    """Measure both in turns."""
    if bench.is_quick:
        raise SkippedError("both bundles that ship are needed, the tiny one is neither")
    report, articles = Report(), read_articles()
    documents = [Document(row["text"], row["title"]) for row in articles]
    analyzers = {name: Analyzer.load(name) for name in SHIPPED}
    seconds = time_in_turns({name: partial(_analyze, own, documents) for name, own in analyzers.items()}, 3)
    report.start_table("from text to answer", "articles/s")
    for name, value in seconds.items():
        report.add_row(name, len(documents) / value)
    report.add("fast / default, from text to answer", seconds["default"] / seconds["fast"], at_least=_MIN_GAIN)
    _compare_answers(report, *(_analyze(own, documents) for own in analyzers.values()))
    del analyzers
    _compare_over_http(report, [row["text"] for row in articles])
    return report


def _analyze(analyzer: Analyzer, documents: Sequence[Document]) -> list[Analysis]:
    return [result for result in analyzer.analyze_many(documents) if isinstance(result, Analysis)]


def _compare_answers(report: Report, larger: Sequence[Analysis], smaller: Sequence[Analysis]) -> None:
    pairs = [
        (one.assigned, other.assigned)
        for whole, half in zip(larger, smaller, strict=True)
        for one, other in zip(whole.story.tags, half.story.tags, strict=True)
    ]
    report.add("equal decisions", 100 * statistics.mean(one == other for one, other in pairs), "%")
    same = [whole.story.summary.text == half.story.summary.text for whole, half in zip(larger, smaller, strict=True)]
    report.add("equal summaries", 100 * statistics.mean(same), "%")


def _compare_over_http(report: Report, texts: Sequence[str]) -> None:
    report.start_table(f"{N_CLIENTS} clients, articles/s", *SHIPPED)
    rounds = []
    with serve_copydesk("--bundle", "default") as larger, serve_copydesk("--bundle", "fast") as smaller:
        for n in range(4):
            loads = [
                uvloop.run(measure(server, "copydesk", texts, n_clients=N_CLIENTS, seconds=15.0))
                for server in (larger, smaller)
            ]
            rounds.append([load.goodput for load in loads])
            report.add_row(f"round {n}" if n else "warm-up", *rounds[-1])
    gains = [fast / default for default, fast in rounds[1:]]
    report.add("fast / default, over HTTP", statistics.median(gains), at_least=_MIN_GAIN)

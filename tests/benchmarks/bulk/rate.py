"""A bulk job beside the same articles over HTTP and beside the bare forward pass: its rate and its answers."""

import json
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.bench import Bench, Report, read_articles
from benchmarks.bulk.archives import write_articles
from benchmarks.servers import Server, serve_copydesk
from benchmarks.speed.load import Client, make_bodies, measure
from copydesk.model.analysis import Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.files.json import JsonObject
from copydesk.model.files.rows import Position
from copydesk.model.files.sources import find_source
from copydesk.model.stream import cut_chunks
from copydesk.service.bulk.job import Job, open_parts, run_bulk

N_CLIENTS = 16
_CHUNK_BATCHES = 16
_MAX_DIFFERENCE = 1e-3  # of scores: bf16 rounds as the rectangle's shape has it


def main(bench: Bench) -> Report:
    """Rates in turns, then one answer after the other."""
    articles = read_articles()[: bench.pick(None, 30)]
    report, analyzer = Report(), Analyzer.load(bench.bundle)
    with tempfile.TemporaryDirectory() as folder, serve_copydesk("--bundle", bench.bundle) as server:
        source = write_articles(Path(folder) / "in.jsonl", articles, bench.pick(2, 1) * len(articles))
        _compare_rates(report, bench, server, analyzer, source)
        rows = [json.loads(line) for line in source.with_name("out.jsonl").read_text(encoding="utf-8").splitlines()]
        answers = uvloop.run(_ask_all(server, [row["text"] for row in articles]))
    compare_answers(report, "job and HTTP", rows[: len(answers)], answers)
    return report


def _compare_rates(report: Report, bench: Bench, server: Server, analyzer: Analyzer, source: Path) -> None:
    documents = [Document(json.loads(line)["text"]) for line in source.read_text(encoding="utf-8").splitlines()]
    texts = [document.text for document in documents]
    rates: dict[str, list[float]] = {"HTTP": [], "job": [], "forward pass": []}
    report.start_table("articles/s", *rates)
    for n in range(bench.pick(4, 2)):
        load = uvloop.run(measure(server, "copydesk", texts, n_clients=N_CLIENTS, seconds=bench.pick(20.0, 1.0)))
        found = (load.goodput, len(texts) / _job_s(analyzer, source), len(texts) / _forward_s(analyzer, documents))
        report.add_row(f"round {n}" if n else "warm-up", *found)
        if n:
            for values, rate in zip(rates.values(), found, strict=True):
                values.append(rate)
    over_http, job, forward = (statistics.median(values) for values in rates.values())
    report.add("job / HTTP", job / over_http, at_least=1.15)
    report.add("job / forward pass", job / forward, at_least=0.85)


def _forward_s(analyzer: Analyzer, documents: list[Document]) -> float:
    """Seconds that the network takes for texts that are prepared already."""
    prepared = [analyzer.prepare(document, Options()) for document in documents]
    chunks = list(cut_chunks(prepared, _CHUNK_BATCHES * analyzer.device.full_tokens, len(prepared)))
    start = time.perf_counter()
    for chunk in chunks:
        analyzer.forward(chunk)
    return time.perf_counter() - start


def _job_s(analyzer: Analyzer, source: Path) -> float:
    job = Job(find_source(str(source)), source.with_name("out.jsonl"))
    start = time.perf_counter()
    for _ in run_bulk(analyzer, job, open_parts(job, analyzer.bundle, resume=False), Position()):
        pass
    return time.perf_counter() - start


async def _ask_all(server: Server, texts: list[str]) -> list[JsonObject]:
    """Each text's answer, asked for alone."""
    client = Client(server.url)
    path, bodies = make_bodies("copydesk", texts)
    answers = [await client.ask(client.make_request("POST", path, body)) for body in bodies]
    client.close()
    return [json.loads(answer.body)["results"][0] for answer in answers]


def compare_answers(report: Report, names: str, rows: list[JsonObject], answers: list[JsonObject]) -> None:
    """Answers to the same articles that came in two ways: scores, labels and sentences."""
    differing = [answer for row, answer in zip(rows, answers, strict=True) if _decisions(row) != _decisions(answer)]
    differences = [
        abs(ours["score"] - theirs["score"])
        for row, answer in zip(rows, answers, strict=True)
        for ours, theirs in zip(_scored(row), _scored(answer), strict=False)
    ]
    report.add(f"{names}: answers compared", len(rows))
    report.add(f"{names}: scores differ by at most", max(differences), at_most=_MAX_DIFFERENCE)
    report.add(f"{names}: other labels or sentences", len(differing), at_most=0)


def _decisions(answer: JsonObject) -> tuple[list[str], list[str]]:
    """Labels that are assigned, and the summary's sentences."""
    labels = [tag["label"] for tag in answer["tags"] if tag["assigned"]]
    return labels, [sentence["text"] for sentence in answer["summary"]["sentences"]]


def _scored(answer: JsonObject) -> list[JsonObject]:
    return [*answer["tags"], *answer["summary"]["sentences"]]

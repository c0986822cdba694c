"""The engine alone: tokens/s beside torch in fp32 and in the device's number format, what the format changes, and what
an article's time goes into."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.bench import Bench, Report, read_articles
from copydesk.model.analysis import Analysis, Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.weights import load_network
from copydesk.model.network.device import Device, choose_device
from copydesk.model.network.encoder.files import find_encoder
from copydesk.model.network.heads import Network, layout_of
from copydesk.model.output.tags import make_tags
from copydesk.model.page.reader import read_page
from copydesk.model.preparing import Prepared
from copydesk.model.stream import cut_chunks

_CHUNK_BATCHES = 16
_RATE_SHARE = 4  # rates are measured on every fourth article: torch in fp32 takes half a minute for all
_TOLERANCE = 0.02  # of scores: bf16 keeps 8 bits of each number, and a logit near 0 moves its score by a quarter
_NEAR = 0.02  # of a threshold: there the number format may decide

Chunks = Sequence[list[Prepared]]


@dataclass(frozen=True)
class Engine:
    """An analyzer and the same documents, prepared for it and cut into chunks that it reads at a time."""

    analyzer: Analyzer
    chunks: Chunks

    @property
    def n_tokens(self) -> int:
        """Of all documents."""
        return sum(prepared.n_tokens for chunk in self.chunks for prepared in chunk)

    def thin_out(self) -> "Engine":
        """The same analyzer with a part of the documents."""
        prepared = [prepared for chunk in self.chunks for prepared in chunk][::_RATE_SHARE]
        return Engine(self.analyzer, _cut(self.analyzer, prepared))


def main(bench: Bench) -> Report:
    """Measure all three."""
    report = Report()
    documents = [Document(row["text"], row["title"]) for row in read_articles()[: bench.pick(None, 20)]]
    device = choose_device()
    exact = _make_engine(bench.bundle, replace(device, dtype=torch.float32, is_compiled=False), documents)
    fast = _make_engine(bench.bundle, device, documents)
    n_rounds = bench.pick(5, 2)
    engines = [exact, fast]
    if device.is_compiled:
        engines.insert(1, _make_engine(bench.bundle, replace(device, is_compiled=False), documents))
    _compare_rates(report, [engine.thin_out() for engine in engines], n_rounds)
    compare_with_exact(report, _analyze(exact), _analyze(fast))
    _compare_tags_alone(report, fast, _load_heads(bench.bundle, device), n_rounds)
    _split_time(report, fast, documents)
    return report


def _make_engine(bundle: Path, device: Device, documents: Sequence[Document]) -> Engine:
    analyzer = Analyzer.load(bundle, device)
    return Engine(analyzer, _cut(analyzer, [analyzer.prepare(document, Options()) for document in documents]))


def _cut(analyzer: Analyzer, prepared: Sequence[Prepared]) -> Chunks:
    return list(cut_chunks(prepared, _CHUNK_BATCHES * analyzer.device.full_tokens, len(prepared)))


def _compare_rates(report: Report, engines: Sequence[Engine], n_rounds: int) -> None:
    """Tokens/s of the encoder, in turns; the first engine is the plainest, the last the one in use."""
    names = [str(engine.analyzer.device) for engine in engines]
    actions = {name: partial(_encode, engine) for name, engine in zip(names, engines, strict=True)}
    seconds = time_in_turns(actions, n_rounds)
    report.start_table("encoder alone", "tokens/s", "articles/s")
    for name, engine in zip(names, engines, strict=True):
        report.add_row(name, engine.n_tokens / seconds[name], sum(map(len, engine.chunks)) / seconds[name])
    for name in names[:-1]:
        report.add(f"times the rate of {name}", seconds[name] / seconds[names[-1]])


def _encode(engine: Engine) -> None:
    for chunk in engine.chunks:
        engine.analyzer.engine.begin([prepared.tokens for prepared in chunk]).end()
    if engine.analyzer.device.device.type == "cuda":
        torch.cuda.synchronize()


def _analyze(engine: Engine) -> list[Analysis]:
    return [
        engine.analyzer.finish(prepared, scores, Options())
        for chunk in engine.chunks
        for prepared, scores in zip(chunk, engine.analyzer.forward(chunk), strict=True)
    ]


def time_in_turns(actions: Mapping[str, Callable[[], object]], n_rounds: int) -> dict[str, float]:
    """Median seconds of each, after a round to warm up."""
    rounds = [{name: _time(action) for name, action in actions.items()} for _ in range(n_rounds + 1)]
    return {name: statistics.median(times[name] for times in rounds[1:]) for name in actions}


def compare_with_exact(report: Report, exact: Sequence[Analysis], fast: Sequence[Analysis]) -> None:
    """The device's answers against those in fp32."""
    pairs = [
        pair
        for one, other in zip(exact, fast, strict=True)
        for pair in zip(one.story.tags, other.story.tags, strict=True)
    ]
    differences = [abs(one.score - other.score) for one, other in pairs]
    turned = [abs(one.score - one.threshold) for one, other in pairs if one.assigned != other.assigned]
    report.add("scores differ from fp32 by at most", max(differences), at_most=_TOLERANCE)
    report.add("equal decisions", 100 * (1 - len(turned) / len(pairs)), "%", at_least=99.5)
    report.add("the others: from their threshold", max(turned, default=0.0), at_most=_NEAR)
    n_same = sum(one.story.summary.text == other.story.summary.text for one, other in zip(exact, fast, strict=True))
    report.add("equal summaries", 100 * n_same / len(exact), "%")


def _load_heads(bundle: Path, device: Device) -> Network:
    manifest = load_manifest(bundle)
    files = find_encoder(manifest.encoder, manifest.encoder_revision)
    return load_network(bundle, manifest, files).to(device.device)


def _compare_tags_alone(report: Report, engine: Engine, heads: Network, n_rounds: int) -> None:
    """Articles/s from text to tags, and to tags and summary, in turns."""
    n_articles = sum(map(len, engine.chunks))

    def read(prepared: Prepared) -> Prepared:
        return engine.analyzer.prepare(prepared.document, Options())

    def whole() -> None:
        for chunk in engine.chunks:
            documents = [read(prepared) for prepared in chunk]
            for prepared, scores in zip(documents, engine.analyzer.forward(documents), strict=True):
                engine.analyzer.finish(prepared, scores, Options())

    def tags_alone() -> None:
        for chunk in engine.chunks:
            _tag(engine.analyzer, heads, [read(prepared) for prepared in chunk])

    seconds = time_in_turns({"tags": tags_alone, "tags and summary": whole}, n_rounds)
    report.start_table("one article after the other", "articles/s")
    for name, value in seconds.items():
        report.add_row(name, n_articles / value)
    report.add("tags and summary / tags: time", seconds["tags and summary"] / seconds["tags"], at_most=1.10)


def _tag(analyzer: Analyzer, heads: Network, documents: Sequence[Prepared]) -> None:
    """What `Analyzer` does for tags, and nothing for a summary."""
    sums = analyzer.engine.begin([prepared.tokens for prepared in documents]).end()
    stories = [story for prepared in documents for story in prepared.stories]
    layout = layout_of([story.tokens for story in stories]).to(analyzer.device.device)
    with torch.inference_mode():
        contributions, logits = heads.tag_head(torch.cat([own.vectors for own in sums]), layout)
    shares = torch.split(contributions.cpu(), [len(story.passages) for story in stories])
    for story, own, row in zip(stories, shares, logits.cpu(), strict=True):
        make_tags(analyzer.bundle.rules, row.tolist(), own.tolist(), story.passages)


def _split_time(report: Report, engine: Engine, documents: Sequence[Document]) -> None:
    """Where an article's time goes, one phase after the other."""
    analyzer, chunks = engine.analyzer, engine.chunks
    times = {
        "page reader": _time(lambda: [read_page(document.text, document.title) for document in documents]),
        "reading, sentences, tokens": _time(lambda: [analyzer.prepare(document, Options()) for document in documents]),
        "network": _time(lambda: [analyzer.forward(chunk) for chunk in chunks]),
    }
    scored = [
        (prepared, scores) for chunk in chunks for prepared, scores in zip(chunk, analyzer.forward(chunk), strict=True)
    ]
    times["tags and summary"] = _time(lambda: [analyzer.finish(*pair, Options()) for pair in scored])
    times["reading, sentences, tokens"] -= times["page reader"]
    total = sum(times.values())
    report.start_table("an article's time", "ms", "%")
    for name, seconds in times.items():
        report.add_row(name, 1000 * seconds / len(documents), 100 * seconds / total)
    report.add("page reader's share of an article", 100 * times["page reader"] / total, "%")


def _time(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start

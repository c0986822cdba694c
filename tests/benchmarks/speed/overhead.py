"""What a request costs more with traces, or with a shadow: processor time of the same articles, side by side.

A service without either and one with each take turns, many short turns each, so that what else the machine does falls
on all. Clients rest for as long as their answers took, so that there is room for a shadow; its reading of the last
articles counts too.
"""

import asyncio
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import psutil
import uvloop

from benchmarks.bench import Bench, Report, read_articles
from benchmarks.servers import Server, serve_copydesk
from benchmarks.speed.load import Answer, Client, make_bodies, quantile
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.bundles.weights import load_weights, save_bundle

_N_CLIENTS = 2
_SHADOW_SHARE = 0.1
_LIMITS = {"traces": 1.03, "shadow": 1 + _SHADOW_SHARE + 0.02}  # times the processor time without
_PLAIN = "plain"
_SETTLED_S = 6.0  # after each turn, in which a shadow reads, and spans leave: they do every five seconds
_COMPARED = re.compile(r'^copydesk_shadow_texts_total\{outcome="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass
class Turns:
    """A service's turns: milliseconds of processor time for each article, and how long answers took."""

    server: Server
    cpu_ms: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def main(bench: Bench) -> Report:
    """Every service in turn."""
    texts, report = [row["text"] for row in read_articles()], Report()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        store = make_store(Path(folder) / "models", bench.bundle)
        collector = stack.enter_context(collect())
        variants: dict[str, dict[str, str]] = {
            _PLAIN: {},
            "traces": {"OTEL_EXPORTER_OTLP_ENDPOINT": collector},
            "shadow": {"COPYDESK_SHADOW": store.digests()[1], "COPYDESK_SHADOW_SHARE": str(_SHADOW_SHARE)},
        }
        turns = {
            name: Turns(stack.enter_context(serve_copydesk("--store", store.directory, **variables)))
            for name, variables in variants.items()
        }
        uvloop.run(_take_turns(bench, turns, texts))
        read = uvloop.run(_read_shadow(turns["shadow"].server))
    _show(report, turns)
    n_read = sum(read.values())
    report.add("of the shadow's texts, read", read.get("compared", 0) / n_read if n_read else 0, at_least=0.9)
    return report


def make_store(directory: Path, bundle: Path) -> Store:
    """The bundle as the current version, and as another one under another name."""
    store = Store(directory)
    current = store.add(bundle)
    store.promote(current.digest, instead_of=None)
    other = directory.parent / "other"
    card = (bundle / "README.md").read_text(encoding="utf-8")
    save_bundle(other, replace(load_manifest(bundle), name="shadow"), load_weights(bundle), card)
    store.add(other)
    return store


@contextmanager
def collect() -> Iterator[str]:
    """The address of a collector that takes spans and forgets them."""

    class Collector(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def _take_turns(bench: Bench, turns: dict[str, Turns], texts: Sequence[str]) -> None:
    n_articles = bench.pick(24, 3)
    for one in turns.values():
        await _take_turn(one, texts[:n_articles])
        one.cpu_ms.clear()  # that was to warm it up
        one.seconds.clear()
    for n in range(bench.pick(20, 2)):
        first = n * n_articles % (len(texts) - n_articles)
        for name in list(turns)[:: 1 if n % 2 else -1]:
            await _take_turn(turns[name], texts[first : first + n_articles])


async def _take_turn(turns: Turns, texts: Sequence[str]) -> None:
    client = Client(turns.server.url)
    path, bodies = make_bodies("copydesk", texts)
    requests = iter([client.make_request("POST", path, body) for body in bodies])
    before = _cpu_s(turns.server)
    answers = await asyncio.gather(*(_ask_all(client, requests) for _ in range(_N_CLIENTS)))
    await asyncio.sleep(_SETTLED_S)
    turns.cpu_ms.append(1000 * (_cpu_s(turns.server) - before) / len(texts))
    turns.seconds += [answer.seconds for own in answers for answer in own]
    client.close()


async def _ask_all(client: Client, requests: Iterator[bytes]) -> list[Answer]:
    answers = []
    for request in requests:
        answers.append(await client.ask(request))
        assert answers[-1].status == 200, answers[-1]
        await asyncio.sleep(answers[-1].seconds)
    return answers


def _cpu_s(server: Server) -> float:
    process = psutil.Process(server.process.pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


async def _read_shadow(server: Server) -> dict[str, float]:
    """How many of its texts the shadow read, passed over, and failed on."""
    client = Client(server.url)
    answer = await client.ask(client.make_request("GET", "/metrics"))
    client.close()
    return {outcome: float(n) for outcome, n in _COMPARED.findall(answer.body.decode())}


def _show(report: Report, turns: dict[str, Turns]) -> None:
    report.start_table("service", "ms CPU", "/ plain", "p50 ms", "p99 ms")
    plain = turns[_PLAIN].cpu_ms
    ratios = {
        name: median(own / base for own, base in zip(one.cpu_ms, plain, strict=True)) for name, one in turns.items()
    }
    for name, one in turns.items():
        waits = [1000 * quantile(one.seconds, share) for share in (0.5, 0.99)]
        report.add_row(name, median(one.cpu_ms), ratios[name], *waits)
    for name, at_most in _LIMITS.items():
        report.add(f"{name}: processor time / without", ratios[name], at_most=at_most)

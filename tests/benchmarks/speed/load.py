"""HTTP load: closed loops and arrivals at a fixed rate, on connections that cost the service's machine little."""

import asyncio
import itertools
import json
import math
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.servers import Server
from copydesk.model.files.json import JsonObject

BROKEN = 0  # the connection was there and broke before its answer came
NOT_CONNECTED = -1
REFUSALS = (429, 503)
BODIES: dict[str, tuple[str, Callable[[str], JsonObject]]] = {
    "copydesk": ("/v1/analyze", lambda text: {"documents": [{"text": text}]}),
    "tei": ("/predict", lambda text: {"inputs": text, "truncate": True}),
    "infinity": ("/classify", lambda text: {"model": "m", "input": [text]}),
}
_TIMEOUT_S = 120
_WATCH_EVERY_S = 0.2
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One request: the status of its answer, BROKEN or NOT_CONNECTED."""

    status: int
    seconds: float
    body: bytes = b""


@dataclass(frozen=True)
class Load:
    """What became of many requests; `memory_mb` is the service's highest, `n_dead` how often /livez did not answer."""

    answers: Sequence[Answer]
    seconds: float
    memory_mb: float
    n_dead: int

    @property
    def sent(self) -> float:
        """Requests a second."""
        return len(self.answers) / self.seconds

    @property
    def goodput(self) -> float:
        """Answers 200 a second."""
        return self.count(200) / self.seconds

    @property
    def n_broken(self) -> int:
        """Requests with neither an answer nor a refusal."""
        return len(self.answers) - self.count(200, *REFUSALS)

    def count(self, *statuses: int) -> int:
        """How many answers have one of these statuses."""
        return sum(answer.status in statuses for answer in self.answers)

    def quantile_ms(self, share: float, *statuses: int) -> float:
        """Milliseconds within which this share of the answers with these statuses came; NaN without any."""
        return 1000 * quantile((answer.seconds for answer in self.answers if answer.status in statuses), share)


class Client:
    """HTTP/1.1 connections to a service, as many as are needed, each kept for the next request or not."""

    def __init__(self, url: str, *, keeps: bool = True) -> None:
        address = urlsplit(url)
        self._address = (address.hostname, address.port)
        self._keeps = keeps
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    def make_request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A request for `ask`, ready to be sent."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        end = "" if self._keeps else "Connection: close\r\n"
        return f"{head}{end}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def ask(self, request: bytes) -> Answer:
        """Send the request and time its answer."""
        started = time.perf_counter()
        try:
            reader, writer = await self._connect()
        except OSError:
            return Answer(NOT_CONNECTED, time.perf_counter() - started)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                writer.write(request)
                head, body = await _read_answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return Answer(BROKEN, time.perf_counter() - started)
        except asyncio.CancelledError:
            writer.close()
            raise
        if self._keeps and b"connection: close" not in head.lower():
            self._idle.append((reader, writer))
        else:
            writer.close()
        return Answer(int(head[9:12]), time.perf_counter() - started, body)

    def close(self) -> None:
        """Close what is kept."""
        for _, writer in self._idle:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(*self._address)


def make_bodies(kind: str, texts: Iterable[str]) -> tuple[str, list[bytes]]:
    """The path to send to, and a body for each text."""
    path, make_body = BODIES[kind]
    return path, [json.dumps(make_body(text)).encode() for text in texts]


async def run_closed(client: Client, requests: Sequence[bytes], n_clients: int, seconds: float) -> list[Answer]:
    """Each of `n_clients` sends its next request when it has its answer."""
    end, following = time.perf_counter() + seconds, itertools.cycle(requests)
    answers: list[Answer] = []

    async def work() -> None:
        while time.perf_counter() < end:
            answers.append(await client.ask(next(following)))

    await asyncio.gather(*(work() for _ in range(n_clients)))
    return answers


async def run_open(
    client: Client, requests: Sequence[bytes], rate: float, seconds: float, warm_s: float = 0.0
) -> list[Answer]:
    """Requests arrive at random times, `rate` a second on average, whatever became of those before.

    They begin to come `warm_s` before those whose answers are returned.
    """
    chance = random.Random(0)
    following, tasks, n_warm = itertools.cycle(requests), [], 0
    due = started = time.perf_counter()
    while due - started < warm_s + seconds:
        await asyncio.sleep(due - time.perf_counter())
        tasks.append(asyncio.create_task(client.ask(next(following))))
        n_warm += due - started < warm_s
        due += chance.expovariate(rate)
    return (await asyncio.gather(*tasks))[n_warm:]


async def measure(
    server: Server,
    kind: str,
    texts: Sequence[str],
    *,
    seconds: float,
    n_clients: int = 0,
    rate: float = 0.0,
    warm_s: float = 0.0,
) -> Load:
    """A closed loop of `n_clients`, or arrivals at `rate`, with an eye on the service's memory and health.

    warm_s: of arrivals before those that count.
    """
    client, prober = Client(server.url), Client(server.url)
    path, bodies = make_bodies(kind, texts)
    requests = [client.make_request("POST", path, body) for body in bodies]
    watch = _Watch(server, prober)
    watching = asyncio.create_task(watch.run())
    started = time.perf_counter()
    try:
        if n_clients:
            answers = await run_closed(client, requests, n_clients, seconds)
        else:
            answers = await run_open(client, requests, rate, seconds, warm_s)
    finally:
        elapsed = time.perf_counter() - started - warm_s
        watching.cancel()
        client.close()
        prober.close()
        await asyncio.sleep(0)  # in which the connections close
    return Load(answers, elapsed, watch.memory_mb, watch.n_dead)


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which this share of the values lies; NaN without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


class _Watch:
    """The highest memory of a service, and how often /livez did not answer."""

    def __init__(self, server: Server, client: Client) -> None:
        self.memory_mb = server.memory_mb
        self.n_dead = 0
        self._server = server
        self._client = client

    async def run(self) -> None:
        """Look until cancelled."""
        request = self._client.make_request("GET", "/livez")
        while True:
            self.memory_mb = max(self.memory_mb, self._server.memory_mb)
            status = (await self._client.ask(request)).status
            self.n_dead += status >= 500 or status in (BROKEN, NOT_CONNECTED)
            await asyncio.sleep(_WATCH_EVERY_S)


async def _read_answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of an answer that says how long it is."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head, await reader.readexactly(int(length.group(1)) if length else 0)

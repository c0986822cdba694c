"""Connections as a hostile client holds them, against the protocol on a real socket; time is handed in."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from copydesk.service.http.connection import Connection, ConnectionLimits

LIMITS = ConnectionLimits(head_s=10, write_s=30, max_connections=20, max_per_address=20)
POST = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the names of the headers, after the body, and its length."""
    n_bytes, has_more = 0, True
    while has_more:
        message = await receive()
        n_bytes += len(message.get("body", b""))
        has_more = message.get("more_body", False)
    names = b",".join(name for name, _ in scope["headers"])
    await answer(send, b"%s %d" % (names, n_bytes))


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers without a look at the body."""
    await answer(send, b"no")


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than a socket holds."""
    await answer(send, bytes(50_000_000))


async def answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Listener:
    """A server on a free port, with its connections at hand."""

    def __init__(self, port: int, state: ServerState) -> None:
        self.port = port
        self.state = state

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    def reap(self, now_s: float) -> None:
        for connection in list(self.state.connections):
            assert isinstance(connection, Connection)
            connection.reap(now_s)


@asynccontextmanager
async def listen(app: Any, limits: ConnectionLimits = LIMITS) -> Any:  # Any: an ASGI app; an async context
    class Bounded(Connection):
        pass

    Bounded.limits = limits
    config, state = uvicorn.Config(app, log_config=None), ServerState()
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Bounded(config, state, {}), "127.0.0.1", 0)
    yield Listener(server.sockets[0].getsockname()[1], state)
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)


def run(app: Any, test: Callable[[Listener], Awaitable[None]], limits: ConnectionLimits = LIMITS) -> None:
    async def main() -> None:
        async with listen(app, limits) as listener, asyncio.timeout(60):
            await test(listener)

    asyncio.run(main())


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def test_a_trailer_is_no_header() -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(POST + b"3\r\nabc\r\n0\r\nAuthorization: Bearer key\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 24\r\n" in head
        assert await reader.readexactly(24) == b"host,transfer-encoding 3"
        writer.close()

    run(read_all, test)


@pytest.mark.parametrize(
    ("network", "names"), [("127.0.0.0/8", b"host,x-user,connection 0"), ("10.0.0.0/8", b"host,connection 0")]
)
def test_a_header_of_proxies_is_believed_from_them_alone(network: str, names: bytes) -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-User: eve\r\nConnection: close\r\n\r\n")
        assert (await read_to_end(reader)).endswith(names)
        writer.close()

    run(read_all, test, replace(LIMITS, proxies=(ip_network(network),), theirs=(b"x-user",)))


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (POST + b"0\r\n", b"X-A: b\r\n"),  # trailers
        (POST + b"0\r\nX-A: ", b"bbbbbbbb"),  # one trailer
        (POST + b"1", b";ext=abc"),  # the extension of a chunk
        (POST, b"1\r\nx\r\n"),  # chunks of one byte
        (b"GET / HTTP/1.1\r\nX-A: ", b"bbbbbbbb"),  # a header
        (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n"),  # headers
        (b"", b"\r\n\r\n"),  # before a request
    ],
)
def test_what_stands_around_a_body_may_have_64_kb(start: bytes, piece: bytes) -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(start)
        sent = 0
        while listener.state.connections or not sent:
            writer.write(piece * 128)
            await asyncio.sleep(0.001)
            sent += 128 * len(piece)
            assert sent < 2 * 2**20
        assert await read_to_end(reader) == b""
        writer.close()

    run(read_all, test)


def test_a_body_in_small_chunks_is_read_whole() -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(POST + b"8\r\nabcdefgh\r\n" * 50_000 + b"0\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert (await reader.read(100)).endswith(b" 400000")
        writer.close()

    run(read_all, test)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        GET + b"\r\n",  # a stray line after the answer
        GET + b"G",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc",  # answered early
        POST + b"3\r\nabc\r\n",
    ],
)
def test_a_client_that_waits_is_cut_off(sent: bytes) -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(sent)
        if b"\r\n\r\n" in sent:
            await reader.readuntil(b"no")
        await asyncio.sleep(0.05)
        listener.reap(1000)
        listener.reap(1010)
        await asyncio.sleep(0.01)
        assert len(listener.state.connections) == 1
        listener.reap(1010.1)
        await read_to_end(reader)
        await asyncio.sleep(0.05)
        assert not listener.state.connections
        writer.close()

    run(refuse, test)


def test_a_client_that_does_not_read_its_answer_is_cut_off() -> None:
    async def test(listener: Listener) -> None:
        _, writer = await listener.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport
        writer.write(GET)
        await asyncio.sleep(0.2)
        for now_s, n_left in ((1000, 1), (1030, 1), (1030.1, 0)):
            listener.reap(now_s)
            await asyncio.sleep(0.05)
            assert len(listener.state.connections) == n_left
        writer.close()

    run(flood, test)


def test_the_rest_of_a_refused_body_is_thrown_away_and_the_answer_arrives() -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
        for _ in range(90):
            writer.write(bytes(100_000))
            await writer.drain()
        assert (await reader.read()).endswith(b"\r\n\r\nno")  # to the end: the server sends nothing more
        writer.write(GET)
        await writer.drain()
        writer.close()

    run(refuse, test)


def test_many_requests_at_once_end_the_connection() -> None:
    async def test(listener: Listener) -> None:
        reader, writer = await listener.connect()
        writer.write(GET * 500)
        received = await read_to_end(reader)
        assert received.count(b"HTTP/1.1 200") <= 17
        writer.close()

    run(read_all, test)


@pytest.mark.parametrize(
    ("limits", "n_let_in"),
    [
        (ConnectionLimits(10, 30, max_connections=3, max_per_address=20), 3),
        (ConnectionLimits(10, 30, max_connections=20, max_per_address=2), 2),
        (ConnectionLimits(10, 30, 20, 2, proxies=(ip_network("127.0.0.0/8"),)), 5),
    ],
)
def test_one_connection_too_many_gets_503(limits: ConnectionLimits, n_let_in: int) -> None:
    async def test(listener: Listener) -> None:
        heads, writers = [], []
        for _ in range(5):
            reader, writer = await listener.connect()
            writer.write(GET)
            heads.append((await reader.readline()).split()[1])
            writers.append(writer)
        assert heads == [b"200"] * n_let_in + [b"503"] * (5 - n_let_in)
        for writer in writers:
            writer.close()

    run(refuse, test, limits)

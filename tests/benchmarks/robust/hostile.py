"""What one hostile client does: requests that were slow, greedy or endless for the service once.

An attack goes on for some seconds and says what became of it: how many answers of which status, how many connections
were closed, and how many were still open long after their time.
"""

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from urllib.parse import urlsplit

import psutil

from benchmarks.servers import Server
from benchmarks.speed.load import Client, run_closed

OPEN = "open"  # a connection that the service should have closed
LIMITS = {  # the service's, so short that an attack outlasts them
    "COPYDESK_HEADER_TIMEOUT_S": "2",
    "COPYDESK_GAP_TIMEOUT_S": "2",
    "COPYDESK_BODY_TIMEOUT_S": "5",
    "COPYDESK_WRITE_TIMEOUT_S": "2",
}
_GRACE_S = 10.0  # after which every connection must be closed: the longest limit, and as long again
_N_HELD, _N_UPLOADS = 50, 60
_UPLOAD_BYTES, _PIECE_BYTES = 16 * 2**20, 256 * 1024
_N_PIECES = 16  # 4 MB, where 64 KB are allowed
_SCRIPT = b"GET /swagger/swagger-ui-bundle.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"  # 1.7 MB

Attack = Callable[[Server, float], Awaitable[Counter[str]]]


def list_attacks() -> dict[str, Attack]:
    """Every attack by its name. Bodies stand ready, so that making them takes no time beside the probes."""
    return {
        "trailers without end": partial(_flood, start=_head(chunked=True) + b"0\r\n", piece=b"X-A: b\r\n"),
        "chunk extension without end": partial(_flood, start=_head(chunked=True) + b"1", piece=b";ext=abc"),
        "stray byte after an answer": partial(_hold, start=b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nx"),
        "unread body, early answer": partial(
            _hold, start=_head(_UPLOAD_BYTES, kind="text/plain") + bytes(_PIECE_BYTES)
        ),
        "answers that nobody reads": partial(_hold, start=_SCRIPT * 8),
        f"{_N_UPLOADS} slow uploads of 16 MB": _upload_slowly,
        "repeated JSON keys": _posts(_keys(20_000)),
        "thousands of errors": _posts(json.dumps({"documents": [1] * 9_000})),
        "deep JSON": _posts('{"documents": ' + "[" * 9_000),
        "opening quotes": _posts(_texts("“‘(" * 1_300_000)),
        "Chinese on one line": _posts(_texts("部长们周一同意降低钢铁关税。会谈持续了三天！" * 20_000)),
        "texts without letters, 16 MB": _posts(_texts(*["1 " * 1_990_000] * 4)),
        "texts that made sentencex panic": _posts(_texts(*["A\u00a0. B\u2003. The mill will close."] * 8)),
        "slow markup": _posts(_pages("<td><ul><li><p>" * 27_000), n_clients=4),
        "deep markup": _posts(_pages("<div>" * 800_000), n_clients=4),
    }


async def forge_addresses(server: Server, n_requests: int) -> Counter[str]:
    """Ask with another X-Forwarded-For each time: how many got in, where one address may ask only a few times?"""
    client = Client(server.url)
    forged = [
        client.make_request("GET", "/v1/model").replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 10.0.0.%d\r\n\r\n" % n, 1)
        for n in range(n_requests)
    ]
    statuses = Counter([str((await client.ask(request)).status) for request in forged])
    client.close()
    return statuses


def _posts(*bodies: str, n_clients: int = 1) -> Attack:
    """Send these bodies again and again, each of a few clients the next one when it has its answer."""
    return partial(_post, bodies=[body.encode() for body in bodies], n_clients=n_clients)


async def _post(server: Server, seconds: float, *, bodies: Sequence[bytes], n_clients: int) -> Counter[str]:
    client = Client(server.url)
    requests = [client.make_request("POST", "/v1/analyze", body) for body in bodies]
    answers = await run_closed(client, requests, n_clients, seconds)
    client.close()
    return Counter(str(answer.status) for answer in answers)


async def _flood(server: Server, seconds: float, *, start: bytes, piece: bytes) -> Counter[str]:
    """Send far more than the service should take, on one connection after the other."""
    end, pieces, outcomes = time.perf_counter() + seconds, piece * (_PIECE_BYTES // len(piece)), Counter[str]()
    while time.perf_counter() < end:
        _, writer = await _connect(server)
        try:
            for sent in (start, *[pieces] * _N_PIECES):
                writer.write(sent)
                await writer.drain()
        except OSError:
            pass
        outcomes += await _see_closed(server, [writer])
    return outcomes


async def _hold(server: Server, seconds: float, *, start: bytes) -> Counter[str]:
    """Open connections, send this on each, read nothing, and wait until the service closes them."""
    held = [await _connect(server) for _ in range(_N_HELD)]
    for _, writer in held:
        writer.write(start)
    await asyncio.sleep(seconds)
    return await _see_closed(server, [writer for _, writer in held])


async def _upload_slowly(server: Server, seconds: float) -> Counter[str]:
    """Many large bodies at once, a piece of each now and then."""
    held = [await _connect(server) for _ in range(_N_UPLOADS)]
    writers = [writer for _, writer in held]
    for writer in writers:
        writer.write(_head(_UPLOAD_BYTES))
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for writer in writers:
            if not writer.is_closing():
                writer.write(bytes(_PIECE_BYTES))
            await asyncio.sleep(0.5 / _N_UPLOADS)
    return await _see_closed(server, writers)


async def _see_closed(server: Server, writers: Sequence[asyncio.StreamWriter]) -> Counter[str]:
    """How many of these connections the service closed in time. It is asked, for who reads nothing is not told."""
    ours = {writer.get_extra_info("sockname")[1] for writer in writers}
    end = time.perf_counter() + _GRACE_S
    while (n_open := len(ours & _peers(server))) and time.perf_counter() < end:
        await asyncio.sleep(0.1)
    for writer in writers:
        writer.transport.abort()
    return Counter({"closed": len(ours) - n_open, OPEN: n_open})


def _peers(server: Server) -> set[int]:
    """The ports of those whose connections the service holds."""
    connections = psutil.Process(server.process.pid).net_connections("tcp")
    return {connection.raddr.port for connection in connections if connection.raddr}


async def _connect(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(server.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # the system shall not read in place of us
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (address.hostname, address.port))
    return await asyncio.open_connection(sock=sock, limit=1)


def _head(n_bytes: int = 0, *, chunked: bool = False, kind: str = "application/json") -> bytes:
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {n_bytes}"
    return f"POST /v1/analyze HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode()


def _keys(n: int) -> str:
    return "{" + ", ".join(f'"{key}": 0' for key in [*range(n), 0]) + "}"


def _texts(*texts: str) -> str:
    return json.dumps({"documents": [{"text": text} for text in texts]}, ensure_ascii=False)


def _pages(*pages: str) -> str:
    return json.dumps({"documents": [{"html": page} for page in pages]})

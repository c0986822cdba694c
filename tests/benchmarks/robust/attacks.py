"""Each attack that stopped the service once, replayed: what do other clients see of it?

Beside an attack /livez is asked every 50 ms, and one client sends text after text. Its mean time is held against the
mean just before the attack.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import uvloop

from benchmarks.bench import Bench, Report
from benchmarks.robust.hostile import LIMITS, OPEN, Attack, forge_addresses, list_attacks
from benchmarks.servers import Server, serve_copydesk
from benchmarks.speed.load import Answer, Client, make_bodies, run_closed
from support.tiny import STORY

MAX_LIVEZ_MS, MAX_SLOWER, MAX_GROWTH_MB = 250, 2, 100
N_CLIENTS, N_DOCUMENTS = 14, 64  # with texts, beside the large requests; of one large request
ALLOWED_A_MINUTE, N_FORGED = 5, 50
_TEXT = STORY * 20  # 1,000 tokens
_PAGE = "<html><body>" + f"<p>{STORY}</p>" * 20 + "</body></html>"
_PROBE_EVERY_S = 0.05


@dataclass
class Seen:
    """What others saw of a service: seconds until /livez answered, the answers to texts, and its highest memory."""

    livez_s: list[float] = field(default_factory=list)
    texts: list[Answer] = field(default_factory=list)
    memory_mb: float = 0.0

    @property
    def text_s(self) -> float:
        """Mean seconds of a text."""
        return sum(text.seconds for text in self.texts) / len(self.texts)

    @property
    def n_failed(self) -> int:
        """Texts that were not answered."""
        return sum(text.status != 200 for text in self.texts)


@dataclass(frozen=True)
class Harm:
    """What an attack did."""

    livez_ms: float  # the longest
    slower: float  # times what a text usually takes
    growth_mb: float
    n_failed: int
    outcomes: Counter[str]


def main(bench: Bench) -> Report:
    """Replay them all, and see large requests through beside many small ones."""
    report, seconds = Report(), bench.pick(8.0, 1.0)
    with serve_copydesk("--bundle", bench.bundle, **LIMITS) as server:
        harms = uvloop.run(replay(report, server, list_attacks(), seconds))
    judge(report, harms)
    with serve_copydesk("--bundle", bench.bundle, COPYDESK_RATE_LIMIT=f"{ALLOWED_A_MINUTE}/minute") as server:
        let_in = uvloop.run(forge_addresses(server, N_FORGED))["200"]
    report.add(f"of {N_FORGED} forged addresses let in", let_in, at_most=ALLOWED_A_MINUTE)
    with serve_copydesk("--bundle", bench.bundle) as server:
        uvloop.run(ask_much(report, server, bench.pick(30.0, 2.0)))
    return report


async def replay(report: Report, server: Server, attacks: dict[str, Attack], seconds: float) -> list[Harm]:
    """One attack after the other, each for so many seconds; a row of the table for each."""
    await warm_up(server)
    report.start_table("attack", "livez ms", "text x", "MB more", "failed", "it got")
    harms = []
    for name, attack in attacks.items():
        harms.append(harm := await suffer(server, attack, seconds))
        got = " ".join(f"{n}x{outcome}" for outcome, n in sorted((+harm.outcomes).items()))
        report.add_row(name, harm.livez_ms, harm.slower, harm.growth_mb, float(harm.n_failed), f"  {got}")
    return harms


async def suffer(server: Server, attack: Attack, seconds: float) -> Harm:
    """What this attack does to others, against the time just before it."""
    usual = await watch(server, lambda: asyncio.sleep(seconds / 2))
    outcomes: Counter[str] = Counter()

    async def work() -> None:
        outcomes.update(await attack(server, seconds))

    seen = await watch(server, work)
    growth = seen.memory_mb - usual.memory_mb
    return Harm(1000 * max(seen.livez_s), seen.text_s / usual.text_s, growth, seen.n_failed, outcomes)


async def watch(server: Server, work: Callable[[], Awaitable[None]]) -> Seen:
    """Do the work, and see meanwhile how the service treats others; every answer is waited for."""
    seen, client, is_over = Seen(), Client(server.url), asyncio.Event()
    livez = client.make_request("GET", "/livez")
    text = _make_text(client)

    async def probe() -> None:
        while not is_over.is_set():
            seen.livez_s.append((await client.ask(livez)).seconds)
            await asyncio.sleep(max(0, _PROBE_EVERY_S - seen.livez_s[-1]))

    async def send_texts() -> None:
        while not is_over.is_set():
            seen.texts.append(await client.ask(text))

    async def weigh() -> None:
        while not is_over.is_set():
            seen.memory_mb = max(seen.memory_mb, server.memory_mb)
            await asyncio.sleep(_PROBE_EVERY_S)

    others = [asyncio.create_task(other()) for other in (probe, send_texts, weigh)]
    await work()
    is_over.set()
    await asyncio.gather(*others)
    client.close()
    return seen


async def warm_up(server: Server) -> None:
    """Texts, pages and a long text, so that what the service keeps for good does not count as growth."""
    client = Client(server.url)
    page = _make_request(client, [{"html": _PAGE}] * 4)
    await client.ask(_make_request(client, [{"text": _TEXT * 20}]))
    await run_closed(client, [page, _make_text(client)], n_clients=4, seconds=1.0)
    client.close()


def judge(report: Report, harms: list[Harm]) -> None:
    """The worst of all attacks, and what it must not exceed."""
    outcomes = sum((harm.outcomes for harm in harms), Counter[str]())
    report.add("worst /livez", max(harm.livez_ms for harm in harms), "ms", at_most=MAX_LIVEZ_MS)
    report.add("worst text / its usual time", max(harm.slower for harm in harms), at_most=MAX_SLOWER)
    report.add("worst growth", max(harm.growth_mb for harm in harms), "MB", at_most=MAX_GROWTH_MB)
    report.add("texts that failed", sum(harm.n_failed for harm in harms), at_most=0)
    report.add("connections left open", outcomes[OPEN], at_most=0)
    report.add("server errors", sum(n for outcome, n in outcomes.items() if outcome in ("500", "502")), at_most=0)


async def ask_much(report: Report, server: Server, seconds: float) -> None:
    """Requests of many documents, and of pages, beside a crowd of clients that send a text each."""
    client = Client(server.url)
    large = [
        _make_request(client, [{kind: content}] * N_DOCUMENTS) for kind, content in (("text", _TEXT), ("html", _PAGE))
    ]
    crowd = asyncio.create_task(run_closed(client, [_make_text(client)], N_CLIENTS, seconds))
    answers = await run_closed(client, large, 1, seconds)
    small = await crowd
    client.close()
    answered = sum(answer.status == 200 for answer in answers) / len(answers)
    report.add(f"large requests answered beside {N_CLIENTS} clients", answered, at_least=1)
    report.add("longest wait of a large request", max(answer.seconds for answer in answers), "s")
    report.add("texts beside them that failed", sum(answer.status != 200 for answer in small), at_most=0)


def _make_text(client: Client) -> bytes:
    path, (body,) = make_bodies("copydesk", [_TEXT])
    return client.make_request("POST", path, body)


def _make_request(client: Client, documents: list[dict[str, str]]) -> bytes:
    return client.make_request("POST", "/v1/analyze", json.dumps({"documents": documents}).encode())

"""Many services behind a balancer, simulated: waits, refusals and scale-out; and the machines for a day's articles.

Each simulated service refuses as the real one does, with the same `Admission`; it reads at the rate that `http` has
measured on this machine, if it has. Requests arrive at random times; the balancer takes the less busy of two.
"""

import json
import math
import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import simpy

from benchmarks.bench import Bench, Report
from benchmarks.speed.load import quantile
from copydesk.service.inference.admission import Admission, OverloadedError

REPLICAS = (1, 3, 10, 30, 100)
LOADS = (0.7, 0.9, 1.0, 1.2, 3.0)  # times the capacity of all
A_DAY = (1_000_000, 10_000_000, 100_000_000)  # articles
_RATE = 20.0  # articles/s of two cores, where nothing was measured
_MEAN_TOKENS, _SPREAD = 1030, 0.6  # of an article; the logarithm's standard deviation over those of topics-dev
_FIXED_S = 0.012  # of a request beside the model: reading, sentences, JSON
_PEAK, _BUSY = 3, 0.7  # the day's busiest hour over its mean; how busy a machine should be then
_START_S = 5.0  # until a new replica is ready
_LOOK_EVERY_S = 1.0  # at how much waits
_GROW_AT_S = 1.0  # of work that waits at each replica, on average

Events = Generator[simpy.Event, Any, None]  # Any: what simpy sends


@dataclass
class Service:
    """A replica: one article after the other, as fast as it reads."""

    env: simpy.Environment
    tokens_per_s: float
    admission: Admission = field(init=False)
    device: simpy.Resource = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(10, 64_000, clock=lambda: float(self.env.now))
        self.admission.rate = self.tokens_per_s
        self.device = simpy.Resource(self.env)


@dataclass
class Seen:
    """What became of the requests: seconds of those that were answered, with the time of each, and who was refused."""

    answered: list[tuple[float, float]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def since(self, start: float) -> "Seen":
        """What happened from then on."""
        return Seen([pair for pair in self.answered if pair[0] >= start], [at for at in self.refused if at >= start])


def main(bench: Bench) -> Report:
    """Simulate, and reckon."""
    report, rate = Report(), _measured_rate(bench)
    report.add("one replica", rate, "articles/s")
    seconds = bench.pick(150.0, 5.0)  # at 1.2 times the capacity queues take 50 s to fill
    report.start_table("replicas, load", "answered/s", "p50 ms", "p99 ms", "refused %")
    for n in bench.pick(REPLICAS, REPLICAS[:2]):
        for load in LOADS:
            seen = simulate(n, load * n * rate, rate, seconds).since(seconds / 2)  # the first half fills the queues
            _add_row(report, f"{n}, {load:g}x", seen, seconds / 2)
    _scale_out(report, rate, bench.pick(120.0, 20.0))
    report.start_table("articles a day", "mean/s", "peak/s", "replicas")
    for n_articles in A_DAY:
        mean = n_articles / 86_400
        report.add_row(f"{n_articles:,}", mean, _PEAK * mean, count_replicas(n_articles, rate))
    return report


def count_replicas(n_articles: int, rate: float) -> int:
    """Machines of this rate for so many articles a day, at the busiest hour."""
    return math.ceil(_PEAK * n_articles / 86_400 / (_BUSY * rate))


def simulate(
    n: int, arrivals: float, rate: float, seconds: float, grow: Callable[[float], float] | None = None
) -> Seen:
    """`n` replicas of `rate` articles/s under so many arrivals a second; with `grow`, times what it gives for the time,
    and more replicas as they are needed."""
    env, chance, seen = simpy.Environment(), random.Random(0), Seen()
    services = [Service(env, rate * _MEAN_TOKENS) for _ in range(n)]

    def arrive() -> Events:
        while True:
            yield env.timeout(chance.expovariate(arrivals * (grow(env.now) if grow else 1)))
            one, other = chance.choice(services), chance.choice(services)
            least = min(one, other, key=lambda service: service.admission.n_tokens)
            env.process(_ask(env, least, int(chance.lognormvariate(_log_mean(), _SPREAD)), seen))

    def watch() -> Events:
        n_coming = 0
        while True:
            yield env.timeout(_LOOK_EVERY_S)
            waiting_s = sum(s.admission.n_tokens / s.tokens_per_s for s in services) / len(services)
            if waiting_s > _GROW_AT_S and n_coming <= len(services):
                n_coming += 1
                env.process(start())

    def start() -> Events:
        yield env.timeout(_START_S)
        services.append(Service(env, rate * _MEAN_TOKENS))

    env.process(arrive())
    if grow:
        env.process(watch())
    env.run(seconds)
    return seen


def _ask(env: simpy.Environment, service: Service, n_tokens: int, seen: Seen) -> Events:
    started = env.now
    try:
        with service.admission.admit(n_tokens), service.device.request() as turn:
            yield turn
            yield env.timeout(n_tokens / service.tokens_per_s)
    except OverloadedError:
        seen.refused.append(started)
    else:
        seen.answered.append((started, env.now - started + _FIXED_S))


def _log_mean() -> float:
    """Of a lognormal distribution with this mean."""
    return math.log(_MEAN_TOKENS) - _SPREAD**2 / 2


def _scale_out(report: Report, rate: float, seconds: float) -> None:
    """Three replicas at half their capacity meet three times that load after a quarter of the time."""
    step = seconds / 4
    seen = simulate(3, 0.5 * 3 * rate, rate, seconds, grow=lambda now: 3.0 if now >= step else 1.0)
    report.start_table("load x3 at 3 replicas, after", "answered/s", "p50 ms", "p99 ms", "refused %")
    for start, end in _intervals(step, seconds):
        part = seen.since(start)
        own = Seen([pair for pair in part.answered if pair[0] < end], [at for at in part.refused if at < end])
        _add_row(report, f"{start - step:.0f} to {end - step:.0f} s", own, end - start)


def _intervals(step: float, seconds: float) -> Iterator[tuple[float, float]]:
    edges = [0.0, *(step + (seconds - step) * share for share in (0, 1 / 9, 2 / 9, 4 / 9, 1))]
    return pairwise(edges)


def _add_row(report: Report, name: str, seen: Seen, seconds: float) -> None:
    times = [1000 * took for _, took in seen.answered]
    share = 100 * len(seen.refused) / max(1, len(times) + len(seen.refused))
    report.add_row(name, len(times) / seconds, quantile(times, 0.5), quantile(times, 0.99), share)


def _measured_rate(bench: Bench) -> float:
    """Articles/s of 16 clients in http.json; a usual one where that is not there."""
    path = bench.folder / "http.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    return next((float(row["good/s"]) for row in rows if row["service, load"] == "copydesk, 16 clients"), _RATE)

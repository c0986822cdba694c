import random
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.run import run_part
from benchmarks.speed.load import quantile
from benchmarks.speed.scale import count_replicas, simulate


@pytest.fixture
def _equal_articles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random.Random, "lognormvariate", lambda *_: 1030.0)


@pytest.mark.usefixtures("_equal_articles")
def test_a_lone_service_waits_as_queueing_theory_says() -> None:
    """Pollaczek-Khinchine: the mean wait is load * service time / (2 * (1 - load)) where all articles are as long."""
    seen = simulate(1, arrivals=10, rate=20, seconds=20_000)
    wait = sum(took for _, took in seen.answered) / len(seen.answered) - 0.05 - 0.012
    assert wait == pytest.approx(0.5 * 0.05 / (2 * 0.5), rel=0.03)
    assert not seen.refused


@pytest.mark.usefixtures("_equal_articles")
def test_more_than_the_capacity_is_refused_and_the_rest_waits_a_second() -> None:
    seen = simulate(2, arrivals=120, rate=20, seconds=60).since(20)
    assert len(seen.answered) / 40 == pytest.approx(40, rel=0.05)
    assert len(seen.refused) / 40 == pytest.approx(80, rel=0.1)
    assert quantile([took for _, took in seen.answered], 0.99) < 1.5


def test_replicas_are_added_until_nobody_is_refused() -> None:
    seen = simulate(1, arrivals=10, rate=20, seconds=90, grow=lambda now: 6.0 if now > 10 else 1.0)
    assert seen.since(60).refused == []
    assert quantile([took for _, took in seen.since(60).answered], 0.99) < 1


def test_a_million_articles_a_day_need_three_machines_of_twenty_a_second() -> None:
    assert [count_replicas(n, 20) for n in (1_000_000, 10_000_000)] == [3, 25]


def test_the_part_runs(tmp_path: Path) -> None:
    assert run_part("scale", Bench(is_quick=True, folder=tmp_path))

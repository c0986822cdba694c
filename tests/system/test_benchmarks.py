import asyncio
import importlib
import json
import math
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from benchmarks import bench as bench_module
from benchmarks.bench import Bench, Figure, Report, show_number
from benchmarks.bulk.rate import compare_answers
from benchmarks.robust.attacks import Harm, judge
from benchmarks.robust.hostile import OPEN
from benchmarks.run import PARTS, main, run_part
from benchmarks.servers import find_port
from benchmarks.speed.gpu import Phase, compose_texts, on_encoder, run_phase
from benchmarks.speed.load import BROKEN, NOT_CONNECTED, Answer, Client, Load, quantile
from benchmarks.speed.load_plot import plot_load
from copydesk.model.analyzer import Analyzer
from support.tiny import STORY, TINY_ENCODER


def test_every_part_can_be_measured() -> None:
    assert all(callable(importlib.import_module(f"benchmarks.{module}").main) for module, _ in PARTS.values())


def test_a_part_measures_a_service_and_keeps_its_figures(tiny_bundle: Path, tmp_path: Path) -> None:
    assert run_part("start", Bench(tiny_bundle, is_quick=True, folder=tmp_path))
    kept = json.loads((tmp_path / "start.json").read_text())
    assert [figure["name"] for figure in kept["figures"]] == [
        *("ready after", "first answer after", "alone, 1,000 tokens: p50", "resident memory")
    ]
    assert kept["is_quick"]


def test_without_the_articles_a_part_is_skipped_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_module, "SHARED", tmp_path)
    assert run_part("engine", Bench(folder=tmp_path))
    assert f"skipped: {tmp_path / 'data' / 'topics-dev.jsonl'}: not here" in capsys.readouterr().out
    assert not (tmp_path / "engine.json").exists()


def test_what_a_gpu_does_can_be_tried_on_a_cpu(tiny_bundle: Path, tmp_path: Path) -> None:
    assert run_part("gpu", Bench(tiny_bundle, is_quick=True, folder=tmp_path))
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert [row["service, clients"] for row in kept["rows"]] == [
        f"{name}, {n}" for name in ("copydesk", "plain") for n in (1, 4)
    ]
    assert {"equal decisions", "encoder", "bulk job"} <= {figure["name"] for figure in kept["figures"]}


def test_a_bundle_is_measured_on_another_copy_of_its_encoder(tiny_bundle: Path, tmp_path: Path) -> None:
    halved, weights = tmp_path / "encoder", load_file(TINY_ENCODER / "model.safetensors")
    shutil.copytree(TINY_ENCODER, halved)
    save_file({name: tensor.half() for name, tensor in weights.items()}, halved / "model.safetensors")
    bundle = on_encoder(Bench(tiny_bundle, encoder=halved), tmp_path / "bundle")
    scores = [Analyzer.load(directory, "cpu").analyze(STORY).story.tags[0].score for directory in (bundle, tiny_bundle)]
    assert scores[0] == pytest.approx(scores[1], abs=0.01)  # float16 weights


def test_a_phase_that_breaks_or_takes_too_long_leaves_the_others_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(report: Report) -> None:
        raise RuntimeError("no kernel")

    def wait(report: Report) -> None:
        threading.Event().wait(30)

    report = Report()
    run_phase(Phase("one", 5, fail), report, 100)
    run_phase(Phase("two", 0.1, wait), report, 100)
    run_phase(Phase("three", 5, lambda own: own.add("x", 1)), report, 100)
    assert "no kernel" in capsys.readouterr().err
    assert [figure.name for figure in report.figures] == ["x"]


def test_composed_texts_are_all_different() -> None:
    texts = compose_texts(3000)
    assert len(set(texts)) == 3000
    assert 3000 < sum(map(len, texts)) / len(texts) < 7000


def test_an_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "no part speed; there are start, engine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "limits", "is_met"),
    [(1.0, (None, None), None), (1.0, (1.0, None), True), (0.9, (1.0, None), False), (2.1, (None, 2.0), False)],
)
def test_a_figure_knows_whether_it_is_met(value: float, limits: tuple[float | None, ...], is_met: bool | None) -> None:
    assert Figure("", value, "", *limits).is_met is is_met


def test_a_number_that_was_not_measured_misses_its_aim_and_is_null_in_json() -> None:
    report = Report()
    report.add("p99", math.nan, at_most=50)
    assert report.to_json()["figures"][0] == {
        **{"name": "p99", "value": None, "unit": "", "at_least": None, "at_most": 50, "is_met": False}
    }


@pytest.mark.parametrize(
    ("value", "shown"), [(12345.6, "12,346"), (7.0, "7"), (99.55, "99.5"), (0.001234, "0.00123"), (math.nan, "-")]
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert show_number(value) == shown


def test_quantiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)) == (51, 100, 100)
    assert math.isnan(quantile([], 0.5))


def test_refusals_are_neither_good_nor_broken() -> None:
    answers = [Answer(200, 0.1), Answer(200, 0.3), Answer(503, 0.01), Answer(BROKEN, 9.0), Answer(504, 9.0)]
    load = Load(answers, seconds=2, memory_mb=0, n_dead=0)
    assert (load.sent, load.goodput, load.n_broken) == (2.5, 1, 2)
    assert load.quantile_ms(0.99, 200) == 300
    assert load.quantile_ms(0.99, 429, 503) == 10


def test_the_client_tells_answers_from_broken_and_missing_connections() -> None:
    replies = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", b""]
    n_connections = 0

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal n_connections
        n_connections += 1
        while replies and await reader.readuntil(b"body"):
            writer.write(replies.pop(0))
            await writer.drain()
        writer.close()

    async def ask() -> list[Answer]:
        server = await asyncio.start_server(reply, "127.0.0.1", port := find_port())
        client = Client(f"http://127.0.0.1:{port}")
        answers = [await client.ask(client.make_request("POST", "/", b"body")) for _ in range(3)]
        server.close()
        await server.wait_closed()
        answers.append(await client.ask(client.make_request("GET", "/")))
        client.close()
        return answers

    answers = asyncio.run(ask())
    assert [answer.status for answer in answers] == [200, 503, BROKEN, NOT_CONNECTED]
    assert answers[0].body == b"ok"
    assert n_connections == 1


def _answer(score: float, sentence: str) -> dict[str, Any]:  # Any: JSON
    tag = {"label": "trade", "score": score, "assigned": score >= 0.5}
    return {"tags": [tag], "summary": {"sentences": [{"text": sentence, "score": 0.5}]}}


def test_answers_that_differ_in_a_label_or_a_sentence_are_counted() -> None:
    report = Report()
    one = [_answer(0.5, "a"), _answer(0.5, "a"), _answer(0.5, "a")]
    compare_answers(report, "x", one, [_answer(0.5, "a"), _answer(0.375, "a"), _answer(0.5, "b")])
    assert [figure.value for figure in report.figures] == [3, 0.125, 2]


def test_the_worst_of_all_attacks_counts() -> None:
    report = Report()
    calm = Harm(livez_ms=20, slower=1.5, growth_mb=120, n_failed=0, outcomes=Counter({"422": 9, OPEN: 0}))
    bad = Harm(livez_ms=300, slower=1.25, growth_mb=2, n_failed=1, outcomes=Counter({"500": 2, OPEN: 3}))
    judge(report, [calm, bad])
    assert [figure.value for figure in report.figures] == [300, 1.5, 120, 1, 3, 2]
    assert [figure.is_met for figure in report.figures] == [False, True, False, False, False, False]


def test_the_plot_shows_each_load_and_the_others_rates() -> None:
    columns = {"p50 ms": 100.0, "p99 ms": 200.0, "ref. p99": None}
    rows: list[dict[str, Any]] = [  # Any: numbers and names
        {"service, load": "plain, 16 clients", "sent/s": 5.0, "good/s": 5.0, **columns},
        {"service, load": "copydesk, 0.7x", "sent/s": 14.0, "good/s": 14.0, **columns},
        {"service, load": "copydesk, 10x", "sent/s": 200.0, "good/s": 19.0, **columns, "ref. p99": 9.0},
    ]
    svg = plot_load(rows)
    assert svg.startswith("<svg")
    for text in ("plain with 16 clients", "0.7x", "10x", "refusals, p99"):
        assert f">{text}<" in svg

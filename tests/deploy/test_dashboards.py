import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from benchmarks.servers import Server, find_port, run_server, serve_copydesk
from copydesk.service.metrics import Metrics
from support.tiny import ROOT, STORY

FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
DASHBOARDS: dict[str, dict[str, Any]] = {  # Any: JSON
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
PANELS = [
    pytest.param(panel, id=f"{name}-{panel['title']}")
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
    if panel["type"] != "row"
]
UNEVENTFUL = "drift|shadow|swaps|offset"  # needs a reference, a candidate, a promotion or a week to show something


def expressions(dashboard: dict[str, Any]) -> list[str]:
    """What its panels and annotations ask Prometheus for, with Grafana's variables filled in."""
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    asked += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    return [filled(expression) for expression in asked]


def filled(expression: str) -> str:
    variables = {"$__rate_interval": "1m", "$job": ".*", "$label": ".*"}
    for name, value in variables.items():
        expression = expression.replace(name, value)
    return expression


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_panels_of_a_dashboard_lie_beside_each_other(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows_of_metrics_that_there_are(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    exposed = set(re.findall(r"^# TYPE (\w+)", Metrics().render().decode(), re.MULTILINE))
    for target in panel["targets"]:
        for metric in re.findall(r"\b(?:copydesk|process)_[a-z_]+", target["expr"]):
            known = {metric, re.sub(r"_(?:bucket|count|sum)$", "", metric)} & exposed
            assert known or re.search(UNEVENTFUL, metric), metric


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
@pytest.mark.parametrize("name", DASHBOARDS)
def test_prometheus_understands_a_dashboard(name: str, tmp_path: Path) -> None:
    shown = enumerate(expressions(DASHBOARDS[name]))
    rules = [{"record": "shown", "labels": {"n": str(n)}, "expr": expression} for n, expression in shown]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": name, "rules": rules}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs prometheus")
def test_every_panel_has_something_to_show_of_a_service_at_work(tiny_bundle: Path, tmp_path: Path) -> None:
    with serve_copydesk("--bundle", tiny_bundle, "--device", "cpu") as service, prometheus(service, tmp_path) as url:
        wanted = [e for board in DASHBOARDS.values() for e in expressions(board) if not re.search(UNEVENTFUL, e)]
        missing, end = wanted, time.monotonic() + 120
        while missing and time.monotonic() < end:
            httpx.post(f"{service.url}/v1/analyze", json={"documents": [{"text": STORY}, {"text": ""}]})
            httpx.post(f"{service.url}/predict", json={})
            time.sleep(1)
            missing = [expression for expression in missing if not ask(url, expression)]
    assert missing == []


@contextmanager
def prometheus(service: Server, folder: Path) -> Iterator[str]:
    """The address of a Prometheus that asks the service every second."""
    target = service.url.removeprefix("http://")
    jobs = [{"job_name": "copydesk", "static_configs": [{"targets": [target]}]}]
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{find_port()}"
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with run_server([*command, f"--web.listen-address={address}"], f"http://{address}", "/-/ready"):
        yield f"http://{address}"


def ask(url: str, expression: str) -> list[Any]:
    """The samples that Prometheus gives now."""
    answer = httpx.get(f"{url}/api/v1/query", params={"query": expression})
    return list(answer.raise_for_status().json()["data"]["result"])

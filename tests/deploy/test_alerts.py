import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from copydesk.service.metrics import Metrics
from support.markdown import DOCS, anchors
from support.tiny import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [  # Any: YAML
    rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
TESTS = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")


@needs_promtool
@pytest.mark.parametrize(
    "command", [("test", "rules", "alerts_test.yml"), ("check", "config", "prometheus.yml")], ids=" ".join
)
def test_promtool_passes(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.get("alert") or rule["record"]))
def test_a_rule_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    exposed = set(re.findall(r"^# TYPE (\w+)", Metrics().render().decode(), re.MULTILINE))
    named = re.findall(r"\bcopydesk_[a-z_]+(?!:)\b", rule["expr"])
    asked = {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in named}
    assert asked - exposed == set()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_is_tested_and_has_its_section_in_the_runbook(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page == "runbook.html"
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(DOCS / "runbook.md")
    raised = [test for case in TESTS for test in case["alert_rule_test"] if test["alertname"] == rule["alert"]]
    assert any(test.get("exp_alerts") for test in raised)
    assert any(not test.get("exp_alerts") for test in raised)
    severity = re.search(rf"^## {rule['alert']}\n\n\*(\w+)\.\*", (DOCS / "runbook.md").read_text(), re.MULTILINE)
    assert severity
    assert severity[1] == rule["labels"]["severity"]

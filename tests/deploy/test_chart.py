import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.tiny import ROOT

CHART = ROOT / "deploy" / "chart"
EXAMPLES = ROOT / "deploy" / "examples"
KUBERNETES = "1.34"
pytestmark = pytest.mark.skipif(shutil.which("helm") is None, reason="needs helm")
OPEN = ("--set", "keys.insecure=true")
EVERYTHING = ("--values", str(EXAMPLES / "shared-store-values.yaml"))
CASES = [OPEN, (*OPEN, "--set", "autoscaling.kind=hpa"), EVERYTHING]


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["helm", *map(str, arguments)], capture_output=True, text=True, check=False)


def render(*options: str) -> dict[str, dict[str, Any]]:  # Any: YAML
    """The chart's resources by their kind."""
    done = helm("template", "news", CHART, "--namespace", "press", *options)
    assert done.returncode == 0, done.stderr
    return {resource["kind"]: resource for resource in yaml.safe_load_all(done.stdout) if resource}


@pytest.mark.parametrize("options", CASES, ids=" ".join)
def test_the_chart_lints_and_fits_kubernetes(options: tuple[str, ...]) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    done = helm("lint", "--strict", CHART, *options)
    assert done.returncode == 0, done.stdout
    for kind, resource in render(*options).items():
        if "monitoring.coreos.com" not in resource["apiVersion"] and "keda.sh" not in resource["apiVersion"]:
            validate(resource, KUBERNETES, strict=True)
        assert resource["metadata"]["name"].startswith("news-copydesk"), kind


@pytest.mark.parametrize("name", ["shared-store.yaml", "promotion.yaml"])
def test_an_example_fits_kubernetes(name: str) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    for resource in yaml.safe_load_all((EXAMPLES / name).read_text(encoding="utf-8")):
        resource["metadata"].setdefault("name", "generated")
        validate(resource, KUBERNETES, strict=True)


def test_nobody_is_let_in_without_a_key_by_accident() -> None:
    done = helm("template", "news", CHART)
    assert done.returncode != 0
    assert "name a secret in keys.existingSecret" in done.stderr


@pytest.mark.parametrize(
    "setting", ["replicaCount=two", "autoscaling.kind=cpu", "settings.FOO=1", "settings.COPYDESK_PORT=80", "replicas=3"]
)
def test_a_value_that_does_not_fit_is_refused(setting: str) -> None:
    done = helm("template", "news", CHART, *OPEN, "--set", setting)
    assert done.returncode != 0
    assert "don't meet the specifications of the schema" in done.stderr


def test_every_replica_reads_one_store_and_none_writes_it() -> None:
    pod = render(*EVERYTHING)["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert mounts["store"]["readOnly"]
    assert volumes["store"]["persistentVolumeClaim"] == {"claimName": "copydesk-store", "readOnly": True}
    assert {"name": "COPYDESK_MODELS_DIR", "value": mounts["store"]["mountPath"]} in container["env"]
    assert container["args"] == ["serve"]
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_replicas_are_scaled_by_the_seconds_that_wait() -> None:
    hpa = render(*OPEN, "--set", "autoscaling.kind=hpa")
    assert hpa["HorizontalPodAutoscaler"]["spec"]["metrics"][0]["pods"]["metric"]["name"] == "copydesk_queue_seconds"
    keda = render(*EVERYTHING)
    (trigger,) = keda["ScaledObject"]["spec"]["triggers"]
    assert 'copydesk_queue_seconds{namespace="press",service="news-copydesk"}' in trigger["metadata"]["query"]
    assert "replicas" not in keda["Deployment"]["spec"]
    assert "replicas" not in hpa["Deployment"]["spec"]


def test_the_rules_and_dashboards_of_the_chart_are_those_beside_it() -> None:
    rendered = render(*EVERYTHING, "--set", "monitoring.alerts.runbook=https://docs.example/runbook.html")
    beside = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    moved = yaml.safe_load(beside.replace("runbook.html", "https://docs.example/runbook.html"))
    assert rendered["PrometheusRule"]["spec"] == moved
    dashboards = {path.name: path.read_text() for path in (ROOT / "deploy/grafana/dashboards").glob("*.json")}
    assert rendered["ConfigMap"]["data"] == dashboards

import ast
import re

from prometheus_client.parser import text_string_to_metric_families

from copydesk.service.metrics import Metrics
from support.markdown import DOCS, PAGES, table_rows
from support.source import calls

ROWS = table_rows(DOCS / "metrics.md", "metric")
SUFFIX = re.compile(r"_(?:bucket|sum|count|created)$")


def exposed_name(name: str, kind: str) -> str:
    return f"{name}_total" if kind == "counter" else name


def test_every_metric_is_documented_with_its_kind_and_no_other() -> None:
    families = text_string_to_metric_families(Metrics().render().decode())
    exposed = {exposed_name(f.name, f.type): f.type for f in families if not f.name.endswith("_created")}
    assert exposed == {row["metric"]: row["kind"] for row in ROWS}


def test_every_metric_is_documented_with_its_labels() -> None:
    labels = {}
    for call in calls("Counter", "Gauge", "Histogram"):
        match call.args:
            case [ast.Constant(value=str(name)), ast.Constant(), *rest]:
                assert isinstance(call.func, ast.Name)
                names = [n.value for n in ast.walk(rest[0]) if isinstance(n, ast.Constant)] if rest else []
                labels[exposed_name(name, call.func.id.lower())] = names
    documented = {row["metric"]: re.findall(r"\w+", row["labels"]) for row in ROWS}
    assert labels == {name: found for name, found in documented.items() if name.startswith("copydesk_")}


def test_every_metric_that_a_page_names_is_one() -> None:
    known = {row["metric"] for row in ROWS}
    for page in PAGES:
        for name in re.findall(r"\b(?:copydesk|process)_[a-z_]+\b", page.read_text(encoding="utf-8")):
            assert name in known or SUFFIX.sub("", name) in known, (page.name, name)

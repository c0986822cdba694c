import ast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from copydesk.service.http.problems import CLIENT_GONE
from copydesk.service.metrics import Metrics
from support.markdown import DOCS, table_rows
from support.source import assigned, calls, integers, subclasses

PAGE = DOCS / "errors.md"
OF_THE_FRAMEWORK = {404, 405}
OF_EVERY_COMMAND = {0, 130}  # done, and Ctrl-C, which typer answers


def literal(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def test_every_code_of_a_document_is_documented_and_no_other() -> None:
    raised = {literal(call.args[0]) for call in calls("DocumentError")}
    assert None not in raised, "give DocumentError its code as a literal: docs/errors.md lists them all"
    given = {literal(call.args[1]) for call in calls("Failure") if len(call.args) > 1} - {None}
    assert sorted(str(code) for code in raised | given) == sorted(row["code"] for row in table_rows(PAGE, "code"))


def test_every_status_of_an_http_error_is_documented_and_no_other() -> None:
    answered = {literal(call.args[0]) for call in calls("Problem", "respond") if call.args}
    statuses = {status for status in answered if isinstance(status, int)} | OF_THE_FRAMEWORK | {CLIENT_GONE}
    assert statuses == {int(row["status"]) for row in table_rows(PAGE, "status")}


@pytest.mark.parametrize("row", table_rows(PAGE, "status"), ids=lambda row: row["status"])
def test_a_status_is_counted_under_its_documented_cause(row: dict[str, str]) -> None:
    metrics = Metrics()
    metrics.note_response("/", int(row["status"]), 0.1)
    families = text_string_to_metric_families(metrics.render().decode())
    samples = [s for family in families for s in family.samples if s.name == "copydesk_refusals_total"]
    assert [sample.labels["cause"] for sample in samples if sample.value] == [row["cause"]]


def test_every_kind_of_error_is_documented_and_no_other() -> None:
    assert subclasses("CopydeskError") == {row["kind"] for row in table_rows(PAGE, "kind")}


def test_every_exit_code_is_documented_and_no_other() -> None:
    places = [*calls("Exit", "exit"), *assigned("exit_code", "exit_codes")]
    codes = set().union(*map(integers, places)) | OF_EVERY_COMMAND
    assert codes == {int(row["exit code"]) for row in table_rows(PAGE, "exit code")}
    assert codes == {int(row["exit code of `batch`"]) for row in table_rows(PAGE, "exit code of `batch`")}

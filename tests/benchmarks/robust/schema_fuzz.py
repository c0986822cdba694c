"""Thousands of requests generated from the service's schema; tests/service/http/test_openapi.py sends a few dozen."""

import tempfile
from pathlib import Path

from fastapi.testclient import TestClient

from benchmarks.bench import Bench, Report
from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.generated import send_generated
from support.tiny import make_tiny_bundle


def main(bench: Bench) -> Report:
    """Fuzz an app on the tiny bundle; raises at the first server error or break of the schema."""
    n_cases = bench.pick(22_000, 100)
    with tempfile.TemporaryDirectory() as folder:
        make_tiny_bundle(Path(folder) / "tiny")
        analyzer = Analyzer.load(Path(folder) / "tiny", "cpu")
    app = make_app(Settings(max_documents=8, allowed_hosts=("testserver",)), lambda: analyzer)
    with TestClient(app, raise_server_exceptions=False):
        statuses = send_generated(app, n_cases)
    report = Report()
    report.start_table("status", "requests")
    for status, n_requests in sorted(statuses.items()):
        report.add_row(str(status), n_requests)
    report.add("requests without error or break", statuses.total(), at_least=bench.pick(20_000, 50))
    return report

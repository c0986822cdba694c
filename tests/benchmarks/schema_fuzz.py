"""Thousands of generated requests against the service's own schema; tests/test_openapi.py sends a few dozen.

PYTHONPATH=.:tests python tests/benchmarks/schema_fuzz.py [CASES]
"""

import sys
import tempfile
from pathlib import Path

from fastapi.testclient import TestClient

from generated import send_generated
from model.analyzer import Analyzer
from service.app import make_app
from service.settings import Settings
from tiny import make_tiny_bundle


def main() -> None:
    """Fuzz an app on the tiny bundle."""
    n_cases = int(sys.argv[1]) if len(sys.argv) > 1 else 5_500
    with tempfile.TemporaryDirectory() as folder:
        make_tiny_bundle(Path(folder) / "tiny")
        analyzer = Analyzer.load(Path(folder) / "tiny", "cpu")
    app = make_app(Settings(max_documents=8), lambda: analyzer)
    with TestClient(app, raise_server_exceptions=False):
        statuses = send_generated(app, n_cases)
    print(f"{statuses.total()} requests, no server error, no schema break; statuses: {dict(sorted(statuses.items()))}")


if __name__ == "__main__":
    main()

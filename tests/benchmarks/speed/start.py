"""From a cold start to the first answers: seconds to ready, to the first answer, and resident memory."""

import json
import time
import urllib.request

from benchmarks.bench import Bench, Report
from benchmarks.servers import serve_copydesk
from benchmarks.speed.load import quantile

_TEXT = (
    "Ministers agreed on Monday to cut the duty on imported steel. The deal ends a two-year dispute over exports. " * 45
)  # 1,000 tokens


def main(bench: Bench) -> Report:
    """Measure one start."""
    report = Report()
    start = time.perf_counter()
    with serve_copydesk("--bundle", bench.bundle) as server:
        report.add("ready after", time.perf_counter() - start, "s", at_most=10)
        report.add("first answer after", post(server.url, _TEXT), "s", at_most=1)
        alone = [post(server.url, _TEXT) for _ in range(bench.pick(100, 10))]
        report.add("alone, 1,000 tokens: p50", 1000 * quantile(alone, 0.5), "ms", at_most=60)
        report.add("resident memory", server.memory_mb, "MB", at_most=900)
    return report


def post(address: str, text: str) -> float:
    """Seconds that one analysis takes."""
    body = json.dumps({"documents": [{"text": text}]}).encode()
    request = urllib.request.Request(f"{address}/v1/analyze", body, {"Content-Type": "application/json"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as response:
        json.load(response)
    return time.perf_counter() - start

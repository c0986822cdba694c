import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.tiny import STORY

pytest.importorskip("ray")


def batch(source: Path, target: Path, bundle: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "copydesk", "batch", str(source), str(target), "--bundle", str(bundle)]
    return subprocess.run([*command, "--device", "cpu", *options], capture_output=True, text=True, check=False)


def test_a_local_ray_gives_the_same_rows(tmp_path: Path, tiny_bundle: Path) -> None:
    rows = [{"id": n, "text": f"{STORY} The goal fell in minute {n}."} for n in range(1100)]
    lines = [json.dumps(row) + "\n" for row in rows]
    lines[3] = "{\n"
    (tmp_path / "in.jsonl").write_text("".join(lines))
    local = batch(tmp_path / "in.jsonl", tmp_path / "local.csv", tiny_bundle)
    ray = batch(tmp_path / "in.jsonl", tmp_path / "ray.csv", tiny_bundle, "--engine", "ray")
    assert (local.returncode, ray.returncode) == (1, 1), ray.stderr
    assert "1,100 rows, 1 failed" in ray.stderr
    one, other = ((tmp_path / name).read_text().splitlines() for name in ("local.csv", "ray.csv"))
    assert len(one) == 1101
    assert all(map(_close, one, other))
    errors = [(tmp_path / f"{name}.csv.errors.jsonl").read_text() for name in ("local", "ray")]
    assert errors[0] == errors[1]


def _close(one: str, other: str) -> bool:
    """Equal but for the last digits of numbers."""
    return all(a == b or abs(float(a) - float(b)) <= 1e-3 for a, b in zip(_cells(one), _cells(other), strict=True))


def _cells(line: str) -> list[Any]:
    return line.split(",")

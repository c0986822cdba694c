"""What the parts of `make bench` share: how to measure, and what they report."""

import json
import math
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import torch

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from copydesk.model.files.json import JsonObject
from copydesk.model.network.device import choose_device
from support.tiny import ROOT

SHARED = Path(os.environ.get("COPYDESK_SHARED", ROOT.parent / "shared"))
DEFAULT_ROWS = 250_000  # short ones, a millisecond of CPU each with the tiny model: about five minutes
_NAME_WIDTH, _CELL_WIDTH = 36, 11

T = TypeVar("T")


class SkippedError(Exception):
    """Something is not here without which a part cannot be measured."""


@dataclass(frozen=True)
class Bench:
    """How to measure: quickly, only to see that everything works, or in full; which bundle, on which copy of its
    encoder; beside Infinity in which virtual environment; how many rows the large bulk job has; where figures and plots
    go."""

    bundle: Path = DEFAULT_BUNDLE
    is_quick: bool = False
    encoder: Path | None = None
    infinity: Path | None = None
    n_rows: int = DEFAULT_ROWS
    folder: Path = ROOT / "runs" / "bench"

    def pick(self, full: T, quick: T) -> T:
        """The size for this kind of run."""
        return quick if self.is_quick else full

    def keep(self, name: str, report: "Report", seconds: float) -> None:
        """Write a part's figures, and when and on what they were measured."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"is_quick": self.is_quick, "seconds": round(seconds)} | describe_machine() | report.to_json()
        (self.folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Figure:
    """One measured number, and what it must reach."""

    name: str
    value: float
    unit: str
    at_least: float | None
    at_most: float | None

    @property
    def is_met(self) -> bool | None:
        """It is what it must be; None where it need not be anything."""
        if self.at_least is None and self.at_most is None:
            return None
        low = -math.inf if self.at_least is None else self.at_least
        return low <= self.value <= (math.inf if self.at_most is None else self.at_most)


class Report:
    """Tables and figures of one part, printed as they come."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []  # Any: numbers and names
        self.figures: list[Figure] = []
        self._columns: tuple[str, ...] = ()

    def start_table(self, *columns: str) -> None:
        """Print the head of a table; its first column holds names."""
        self._columns = columns
        _print_line(*columns)

    def add_row(self, *cells: str | float) -> None:
        """A row of the table."""
        self.rows.append(dict(zip(self._columns, cells, strict=True)))
        _print_line(*(cell if isinstance(cell, str) else show_number(cell) for cell in cells))

    def add(
        self,
        name: str,
        value: float,
        unit: str = "",
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """A figure, and what it must reach."""
        figure = Figure(name, float(value), unit, at_least, at_most)
        self.figures.append(figure)
        limits = [f"{sign} {show_number(x)}" for sign, x in ((">=", at_least), ("<=", at_most)) if x is not None]
        verdict = {None: "", True: "reached", False: "MISSED"}[figure.is_met]
        limit = f"   (must be {', '.join(limits)}: {verdict})" if limits else ""
        print(f"{name:<{_NAME_WIDTH}}{show_number(figure.value):>{_CELL_WIDTH}} {unit}{limit}", flush=True)

    def to_json(self) -> JsonObject:
        """Everything, for a file."""
        figures = [asdict(figure) | {"is_met": figure.is_met} for figure in self.figures]
        return {"figures": _without_nan(figures), "rows": _without_nan(self.rows)}


def describe_machine() -> JsonObject:
    """When and on what it is measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "cpu": _cpu_name(),
        "n_cores": os.cpu_count(),
        "n_threads": torch.get_num_threads(),
        "card": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "device": str(choose_device()),
        "torch": torch.__version__,
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def find_data(name: str) -> Path:
    """A file that is measured on. Raises SkippedError where it is not."""
    path = SHARED / "data" / name
    if not path.is_file():
        raise SkippedError(f"{path}: not here; COPYDESK_SHARED names the folder that holds data/{name}")
    return path


def read_articles() -> list[JsonObject]:
    """The labelled articles that are measured on. Raises SkippedError where they are not."""
    return [json.loads(line) for line in find_data("topics-dev.jsonl").read_text(encoding="utf-8").splitlines()]


def show_number(value: float) -> str:
    """The number with about three digits."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _print_line(*cells: str) -> None:
    name, *others = cells
    print(f"{name:<{_NAME_WIDTH}}" + "".join(f"{cell:>{_CELL_WIDTH}}" for cell in others), flush=True)


def _without_nan(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:  # Any: numbers and names
    return [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]

"""All that an evaluation of a bundle measures."""

from dataclasses import asdict, dataclass
from typing import Any

from model.bundle import Bundle
from training.evaluation import Mistake, SliceReport, TagReport
from training.metrics import Floats
from training.summaries import SummaryReport


@dataclass(frozen=True)
class TagMeasures:
    """All that was measured of the tags. Arrays: float64 [stories, labels].

    baselines: None where the stories to learn from carry other labels than the bundle.
    """

    file: str
    targets: Floats
    scores: Floats
    raw_scores: Floats
    report: TagReport
    baselines: dict[str, TagReport] | None
    slices: dict[str, SliceReport]
    mistakes: list[Mistake]

    def to_json(self) -> dict[str, Any]:
        """What was measured, without the scores of the stories."""
        return {
            "file": self.file,
            **asdict(self.report),
            "baselines": {name: asdict(report) for name, report in (self.baselines or {}).items()},
            "slices": {name: asdict(part) for name, part in self.slices.items()},
            "mistakes": [asdict(mistake) for mistake in self.mistakes],
        }


@dataclass(frozen=True)
class Measured:
    """What was measured of a bundle."""

    bundle: Bundle
    tags: TagMeasures | None
    summaries: SummaryReport | None

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "bundle": self.bundle.digest,
            "name": self.bundle.name,
            "tags": self.tags.to_json() if self.tags else None,
            "summaries": asdict(self.summaries) if self.summaries else None,
        }

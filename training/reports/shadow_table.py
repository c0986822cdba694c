"""What a candidate said beside the current version while that served, as a table for a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from copydesk.model.bundles.tally import LabelTally, Tally
from copydesk.training.reports.tables import make_table

_MAX_ROWS = 16  # labels


def shadow_table(tally: Tally) -> Iterator[RenderableType]:
    """The labels on which the two differ most first. Nobody has judged these texts: it says how often, not who is
    right."""
    table = make_table(
        f"shadow: {tally.n_texts:,} texts, {tally.since[:10]} to {tally.until[:10]}",
        "label",
        "current",
        "candidate",
        "only current",
        "only candidate",
        "differ",
    )
    ranked = sorted(tally.labels.items(), key=lambda pair: -_n_differing(pair[1]))
    for label, counts in ranked[:_MAX_ROWS]:
        table.add_row(Text(label), *_cells(counts, tally.n_texts))
    yield table
    if len(ranked) > _MAX_ROWS:
        yield f"and {len(ranked) - _MAX_ROWS} more labels on which they differ less"


def _cells(counts: LabelTally, n_texts: int) -> list[str]:
    """Shares of the texts, and how many were given the label by one alone."""
    current, candidate = counts.both + counts.only_current, counts.both + counts.only_candidate
    shares = [f"{n / n_texts:.1%}" for n in (current, candidate, _n_differing(counts))]
    return [*shares[:2], f"{counts.only_current:,}", f"{counts.only_candidate:,}", shares[2]]


def _n_differing(counts: LabelTally) -> int:
    return counts.only_current + counts.only_candidate

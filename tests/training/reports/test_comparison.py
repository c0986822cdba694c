import io

import numpy as np
import pytest
from rich.console import Console

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.network.sizes import HeadConfig
from copydesk.model.output.tags import LabelRule
from copydesk.training.data.stories import LabelledStory
from copydesk.training.release.gate import Verdict, judge
from copydesk.training.release.history import FROZEN
from copydesk.training.release.scored import ScoredBundle
from copydesk.training.reports.comparison_page import render_comparison
from copydesk.training.reports.comparison_tables import comparison_tables

LABELS = ("<i>trade</i>", *(f"label {n}" for n in range(30)))
TARGETS = np.random.default_rng(1).random((200, len(LABELS))) < 0.3
CHANGED = 20  # the label that the candidate does not know any more


def make_bundle(name: str) -> Bundle:
    rules = tuple(map(LabelRule, LABELS))
    return Bundle(name, rules, "none", None, "", 32, HeadConfig(), 1.0, digest=name[0] * 64)


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """A candidate that is right but for one label, beside a current version that is right."""
    stories = [
        LabelledStory(f"Story {i}.", frozenset(label for label, t in zip(LABELS, row, strict=True) if t), id=f"id-{i}")
        for i, row in enumerate(TARGETS)
    ]
    right = np.where(TARGETS, 0.95, 0.05)
    wrong = right.copy()
    wrong[:, CHANGED] = 0.05
    candidate, current = (
        ScoredBundle(make_bundle(name), {FROZEN: scores}) for name, scores in (("new", wrong), ("old", right))
    )
    return judge(candidate, current, {FROZEN: stories})


def test_the_page_shows_both_versions_and_escapes_labels(verdict: Verdict) -> None:
    page = render_comparison(verdict)
    assert "F1 &lt;i&gt;trade&lt;/i&gt;" in page
    assert "<i>" not in page
    assert ("n" * 64) in page
    assert ("o" * 64) in page
    assert "<h1>Not good enough</h1>" in page
    assert page.count("<td>lost, wrong now</td>") == TARGETS[:, CHANGED].sum()
    assert f"<td>id-{np.argmax(TARGETS[:, CHANGED])}</td><td>label 19</td><td>0.950</td><td>0.050</td>" in page
    assert "Story " not in page


def test_the_terminal_shows_what_was_lost_before_what_was_kept(verdict: Verdict) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for part in comparison_tables(verdict):
        console.print(part)
    shown = console.export_text()
    assert "F1 label 19" in shown
    assert "worse by 1.000 beyond noise" in shown
    assert "and 17 more labels that changed less; --report shows all" in shown  # 33 checks, 16 of them in the table
    n_lost = int(TARGETS[:, CHANGED].sum())
    assert f"{n_lost} tags flip: 0 right now, {n_lost} wrong now" in shown
    assert f"and {n_lost - 16} more tags; --report lists them" in shown
    assert "not good enough: F1 label 19 on the frozen test: 1.000 -> 0.000" in shown

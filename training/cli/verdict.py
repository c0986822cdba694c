"""How a command shows what the gate decided, and ends by it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from copydesk.training.console import Screen
    from copydesk.training.release.gate import Verdict


def conclude(screen: Screen, verdict: Verdict, report: Path | None, *, is_forced: bool) -> None:
    """Show the verdict and what came of it; a refusal ends the command with exit code 1."""
    show_verdict(screen, verdict, report)
    digest = verdict.candidate.digest
    if not (verdict.is_passed or is_forced):
        left = "the current version serves on" if verdict.current else "no version is current yet"
        screen.say(f"refused {digest[:12]}; {left}; --force promotes it all the same")
        if verdict.flips:
            screen.say("the tags that flip, above, show what it would change")
        raise typer.Exit(1)
    screen.say(f"promoted {digest[:12]}" + ("" if verdict.is_passed else " by force"))


def hold_back(screen: Screen, verdict: Verdict, report: Path, store: Path | None) -> None:
    """Show the verdict, and how a person may follow it; exit code 1 where it is a refusal."""
    show_verdict(screen, verdict, report)
    digest = verdict.candidate.digest[:12]
    screen.say(f"{digest} is held: `copydesk models promote {digest} --store {store}` makes it current")
    if not verdict.is_passed:
        raise typer.Exit(1)


def show_verdict(screen: Screen, verdict: Verdict, report: Path | None) -> None:
    """Show the comparison, and write it into the directory `report`."""
    from copydesk.training.reports.comparison_page import write_comparison
    from copydesk.training.reports.comparison_tables import comparison_tables

    screen.show(*comparison_tables(verdict))
    if report is not None:
        write_comparison(report, verdict)
        screen.say(f"wrote {report / 'comparison.json'} and {report / 'comparison.html'}")

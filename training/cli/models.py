"""The commands for the store of versions: models list, show, compare, promote, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.bundles.store import TEST_FILE, Store
from copydesk.model.errors import ConfigError, StoreError
from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.options import (
    DeviceOption,
    EditorsOption,
    ReportOption,
    StoreOption,
    SummariesOption,
    ToleranceOption,
    find_bundle,
    open_store,
    read_edited,
    read_tolerances,
)
from copydesk.training.cli.verdict import conclude, show_verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from copydesk.model.bundles.journal import Event
    from copydesk.model.bundles.store import Version
    from copydesk.training.console import Screen

commands = typer.Typer(
    name="models", help="Versions in a store: see, compare, promote and take back.", no_args_is_help=True
)

_STORE = Path("models")


@commands.command("list", epilog="\nExample:\n  copydesk models list --store models\n")
def list_versions(store: StoreOption = _STORE) -> None:
    """Every version, the latest last; * is the current one."""
    from copydesk.training.console import Screen
    from copydesk.training.reports.tables import make_table

    if not store.is_dir():
        raise StoreError(f"{store}: no such folder; `copydesk train --store {store}` makes a store")
    screen, versions = Screen(), Store(store)
    current = versions.current()
    events = versions.journal()
    table = make_table(f"versions in {store}", "", "ID", "name", "labels", "macro-F1", "measured on", "last event")
    for digest in versions.digests():
        version = versions.version(digest)
        table.add_row("*" if digest == current else "", *_cells(version, events))
        if version.bundle is None:
            screen.complain(version.fault)
    screen.show(table)


def _cells(version: Version, events: Sequence[Event]) -> list[str | Text]:
    from rich.text import Text

    from copydesk.training.release.history import FROZEN, last_macro_f1
    from copydesk.training.reports.tables import show_number

    own = [event for event in events if event.digest == version.digest]
    last = f"{own[-1].action} {own[-1].time[:16]}" if own else ""
    if version.bundle is None:
        return [version.digest[:12], Text("damaged", style="red"), "", "", "", last]
    quality, measured_on = last_macro_f1(own, version.digest), FROZEN
    if quality is None:
        quality = version.bundle.report.get("held_out", {}).get("macro_f1")
        measured_on = "" if quality is None else "training's held-out"
    name, n_labels = Text(version.bundle.name), len(version.bundle.labels)
    return [version.digest[:12], name, str(n_labels), show_number(quality), measured_on, last]


@commands.command(epilog="\nExample:\n  copydesk models show current\n")
def show(
    version: Annotated[str, typer.Argument(help="Beginning of a digest, or current.")], store: StoreOption = _STORE
) -> None:
    """What a version says of itself, and what became of it, as JSON."""
    from copydesk.training.console import Screen

    versions = Store(store)
    digest = versions.find(version)
    bundle = versions.check(digest)
    events = [vars(event) for event in versions.journal() if digest in (event.digest, event.previous)]
    answer = {
        "digest": digest,
        "is_current": digest == versions.current(),
        "name": bundle.name,
        "labels": [vars(rule) for rule in bundle.rules],
        "encoder": bundle.encoder,
        "report": bundle.report,
        "journal": events,
    }
    Screen().show_json(answer)


@commands.command(
    epilog="\nExample:\n  copydesk models compare current runs/mine --data test.jsonl --report runs/comparison\n"
)
def compare(
    old: Annotated[str, typer.Argument(help="A version: beginning of a digest, current, default, or a directory.")],
    new: Annotated[str, typer.Argument(help="The version that is judged, named in the same manner.")],
    data: Annotated[
        list[str],
        typer.Option(
            help="Labelled stories that neither has learned from.", show_default="only what a shadow has counted"
        ),
    ] = [],  # noqa: B006
    summaries: SummariesOption = None,
    editors: EditorsOption = None,
    report: ReportOption = None,
    tolerance: ToleranceOption = [],  # noqa: B006
    store: StoreOption = _STORE,
    device: DeviceOption = "auto",
) -> None:
    """Two versions side by side on the same stories, and what a shadow has counted of them. Changes nothing."""
    from copydesk.training.console import Screen

    screen, versions = Screen(), Store(store)
    bundles = [find_bundle(name, versions) for name in (old, new)]
    has_shadow = _show_shadow(screen, store, *bundles)
    if not data and not has_shadow:
        raise ConfigError("name labelled stories with --data; no service has let the two read the same texts")
    if not data:
        return
    need_extra()
    from copydesk.training.data.stories import read_stories
    from copydesk.training.release.gate import judge
    from copydesk.training.release.scored import score_bundle

    place = ", ".join(Path(source).name for source in data)
    sets = {place: read_stories(data)}
    tolerances, edited = read_tolerances(tolerance), read_edited(editors)
    current, candidate = (score_bundle(bundle, sets, summaries, edited, device=device) for bundle in bundles)
    show_verdict(screen, judge(candidate, current, sets, tolerances, decisive=place), report)


def _show_shadow(screen: Screen, store: Path, old: Path, new: Path) -> bool:
    """Show what the new one said beside the old one in a service; whether there was anything."""
    from copydesk.model.bundles.tally import read_tally
    from copydesk.training.reports.shadow_table import shadow_table

    tally = read_tally(store, load_manifest(new).digest, load_manifest(old).digest)
    if tally is not None:
        screen.show(*shadow_table(tally))
    return tally is not None


@commands.command(epilog="\nExample:\n  copydesk models promote runs/mine --test test.jsonl --tolerance drugs=0.05\n")
def promote(
    version: Annotated[str, typer.Argument(help="Beginning of its digest, or the directory of a bundle to add.")],
    test: Annotated[
        list[str],
        typer.Option(help="Labelled stories that no version has learned from.", show_default="the store's frozen test"),
    ] = [],  # noqa: B006
    data: Annotated[list[str], typer.Option(help="New stories that this version has not learned from.")] = [],  # noqa: B006
    summaries: SummariesOption = None,
    editors: EditorsOption = None,
    force: Annotated[bool, typer.Option("--force", help="Promote whatever the comparison says.")] = False,
    report: ReportOption = None,
    tolerance: ToleranceOption = [],  # noqa: B006
    store: StoreOption = _STORE,
    device: DeviceOption = "auto",
) -> None:
    """Make a version current if it is no worse than the one that is. Exit code 1: it is worse, and was refused."""
    from copydesk.training.console import Screen

    screen, versions = Screen(), open_store(store)
    bundle = find_bundle(version, versions)
    if not test and (store / TEST_FILE).is_file():
        screen.say(f"no --test: judged on {store / TEST_FILE}, which training with --store set aside")
    elif not test and not force:
        raise ConfigError("name labelled stories with --test to judge it on, or add --force")
    elif not test:
        digest = versions.add(bundle).digest
        versions.promote(digest, instead_of=versions.current(), is_forced=True)
        screen.say(f"promoted {digest[:12]} by force")
        return
    need_extra()
    from copydesk.training.data.frozen import keep_test, read_frozen
    from copydesk.training.data.stories import read_stories
    from copydesk.training.release.gate import Terms, submit

    labels = load_manifest(bundle).labels
    frozen = read_stories(test) if test else [one.for_labels(labels) for one in read_frozen(store)]
    terms = Terms(read_tolerances(tolerance), summaries, read_edited(editors), is_forced=force, device=device)
    verdict = submit(bundle, versions, frozen, read_stories(data) if data else [], terms)
    is_promoted = verdict.is_passed or force
    if is_promoted and not (store / TEST_FILE).is_file() and (n_kept := keep_test(store, frozen, labels)):
        screen.say(f"{n_kept} stories of --test are the store's frozen test from now on: {store / TEST_FILE}")
    conclude(screen, verdict, report, is_forced=force)


@commands.command(epilog="\nExample:\n  copydesk models rollback --store models\n")
def rollback(store: StoreOption = _STORE) -> None:
    """Make the version current again that was before; a service that watches the store follows."""
    from copydesk.training.console import Screen

    digest = open_store(store).rollback()
    Screen().say(f"{digest[:12]} is current again")

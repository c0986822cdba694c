"""The commands for the store of versions: models list, show, compare, promote, rollback."""

import getpass
import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, load_manifest
from copydesk.model.bundles.store import TEST_FILE, Store
from copydesk.model.errors import ConfigError
from copydesk.training.cli.extras import need_extra

if TYPE_CHECKING:
    from copydesk.training.release.checks import Tolerances
    from copydesk.training.release.gate import Verdict

models = typer.Typer(help="Versions in a store: see, compare, promote and take back.", no_args_is_help=True)
_errors = Console(stderr=True)

StoreOption = Annotated[Path, typer.Option("--store", envvar="COPYDESK_MODELS_DIR", help="Directory of the store.")]
SummariesOption = Annotated[str | None, typer.Option(help="Parquet with article and highlights, for ROUGE.")]
ReportOption = Annotated[Path | None, typer.Option(help="Directory for comparison.json and comparison.html.")]
ToleranceOption = Annotated[
    list[str], typer.Option(help="F1 that a label may lose even beyond noise: LABEL=0.05.", show_default="0.02 each")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
_STORE = Path("models")


def open_store(directory: Path) -> Store:
    """The store, with who writes to it."""
    return Store(directory, who=f"{_user()}@{socket.gethostname()}")


@models.command("list")
def list_versions(store: StoreOption = _STORE) -> None:
    """Every version, the latest last; * is the current one."""
    from copydesk.training.reports.table import make_table

    versions = Store(store)
    current = versions.current()
    events = {event.digest: event for event in versions.journal()}
    table = make_table(f"versions in {store}", "", "ID", "name", "labels", "macro-F1", "last event")
    for digest in versions.digests():
        version, event = versions.version(digest), events.get(digest)
        mark = "*" if digest == current else ""
        last = f"{event.action} {event.time[:16]}" if event else ""
        if version.bundle is None:
            table.add_row(mark, digest[:12], Text("damaged", style="red"), "", "", last)
            _errors.print(version.fault, style="red", markup=False)
            continue
        quality = version.bundle.report.get("held_out", {}).get("macro_f1")
        shown = "" if quality is None else f"{quality:.3f}"
        table.add_row(mark, digest[:12], Text(version.bundle.name), str(len(version.bundle.labels)), shown, last)
    Console(file=sys.stdout).print(table)


@models.command()
def show(
    version: Annotated[str, typer.Argument(help="Beginning of a digest, or current.")], store: StoreOption = _STORE
) -> None:
    """What a version says of itself, and what became of it, as JSON."""
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
    print(json.dumps(answer, indent=2, ensure_ascii=False))


@models.command()
def compare(
    old: Annotated[str, typer.Argument(help="A version: beginning of a digest, current, default, or a directory.")],
    new: Annotated[str, typer.Argument(help="The version that is judged, named in the same manner.")],
    data: Annotated[list[str], typer.Option(help="Labelled stories that neither has learned from.")],
    summaries: SummariesOption = None,
    report: ReportOption = None,
    tolerance: ToleranceOption = [],  # noqa: B006
    store: StoreOption = _STORE,
    device: DeviceOption = "auto",
) -> None:
    """Two versions side by side on the same stories. Changes nothing."""
    need_extra()
    from copydesk.training.data.stories import read_stories
    from copydesk.training.release.gate import judge
    from copydesk.training.release.scored import score_version

    place = ", ".join(Path(source).name for source in data)
    sets, versions = {place: read_stories(data)}, Store(store)
    tolerances = read_tolerances(tolerance)
    current, candidate = (score_version(find_bundle(versions, name), sets, summaries, device) for name in (old, new))
    _show_verdict(judge(candidate, current, sets, tolerances, decisive=place), report)


@models.command()
def promote(
    version: Annotated[str, typer.Argument(help="Beginning of its digest, or the directory of a bundle to add.")],
    test: Annotated[
        list[str],
        typer.Option(help="Labelled stories that no version has learned from.", show_default="the store's frozen test"),
    ] = [],  # noqa: B006
    data: Annotated[list[str], typer.Option(help="New stories that this version has not learned from.")] = [],  # noqa: B006
    summaries: SummariesOption = None,
    force: Annotated[bool, typer.Option("--force", help="Promote whatever the comparison says.")] = False,
    report: ReportOption = None,
    tolerance: ToleranceOption = [],  # noqa: B006
    store: StoreOption = _STORE,
    device: DeviceOption = "auto",
) -> None:
    """Make a version current if it is no worse than the one that is. Exit code 1: it is worse, and was refused."""
    versions = open_store(store)
    bundle = find_bundle(versions, version)
    if not test and (store / TEST_FILE).is_file():
        _errors.print(f"no --test: judged on {store / TEST_FILE}, which training with --store set aside")
    elif not test and not force:
        raise ConfigError("name labelled stories with --test to judge it on, or add --force")
    elif not test:
        digest = versions.add(bundle).digest
        versions.promote(digest, instead_of=versions.current(), is_forced=True)
        _errors.print(f"promoted {digest[:12]} by force")
        return
    need_extra()
    from copydesk.training.data.frozen import read_frozen
    from copydesk.training.data.stories import read_stories
    from copydesk.training.release.gate import submit

    labels = load_manifest(bundle).labels
    verdict = submit(
        bundle,
        versions,
        read_stories(test) if test else [one.for_labels(labels) for one in read_frozen(store)],
        read_stories(data) if data else [],
        summaries=summaries,
        tolerances=read_tolerances(tolerance),
        force=force,
        device=device,
    )
    conclude(verdict, report, is_forced=force)


@models.command()
def rollback(store: StoreOption = _STORE) -> None:
    """Make the version current again that was before; a service that watches the store follows."""
    digest = open_store(store).rollback()
    _errors.print(f"{digest[:12]} is current again")


def conclude(verdict: "Verdict", report: Path | None, *, is_forced: bool) -> None:
    """Show the verdict and what came of it; a refusal ends the command with exit code 1."""
    _show_verdict(verdict, report)
    digest = verdict.candidate.digest
    if not (verdict.is_passed or is_forced):
        left = "the current version serves on" if verdict.current else "no version is current yet"
        _errors.print(f"refused {digest[:12]}; {left}; --force promotes it all the same")
        raise typer.Exit(1)
    _errors.print(f"promoted {digest[:12]}" + ("" if verdict.is_passed else " by force"))


def _show_verdict(verdict: "Verdict", report: Path | None) -> None:
    from copydesk.training.reports.comparison import print_verdict, write_comparison

    print_verdict(Console(file=sys.stdout), verdict)
    if report is not None:
        write_comparison(report, verdict)
        _errors.print(f"wrote {report / 'comparison.json'} and {report / 'comparison.html'}")


def find_bundle(store: Store, name: str) -> Path:
    """The directory of a bundle: "default", a directory, or a version in the store. Raises StoreError."""
    if name == "default":
        return DEFAULT_BUNDLE
    return Path(name) if (Path(name) / "bundle.json").is_file() else store.path(store.find(name))


def read_tolerances(values: list[str]) -> "Tolerances":
    """The tolerances that --tolerance gives. Raises ConfigError."""
    from copydesk.training.release.checks import Tolerances

    labels = {}
    for value in values:
        label, _, number = value.rpartition("=")
        try:
            labels[label] = float(number)
        except ValueError:
            labels[label] = -1.0
        if not label or not 0 <= labels[label] <= 1:
            raise ConfigError(f"--tolerance {value}: expected LABEL=F1 with F1 from 0 to 1, such as trade=0.05")
    return Tolerances(labels=labels)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        return "unknown"

"""The commands for drift: what the windows of a service say, and the reference that they are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.model.bundles.manifest import REFERENCE, load_manifest
from copydesk.model.bundles.store import Store
from copydesk.model.errors import ConfigError, DataError
from copydesk.training.cli.extras import need_extra
from copydesk.training.cli.options import DeviceOption, find_bundle

if TYPE_CHECKING:
    from copydesk.model.bundles.manifest import Bundle
    from copydesk.model.drift.reference import Reference
    from copydesk.model.drift.windows import Window

commands = typer.Typer(name="drift", help="Whether texts drift away from those that the model was measured on.")

_EXAMPLES = """
Examples:
  copydesk drift --windows drift
  copydesk drift --windows drift --store models --report runs/drift
  copydesk drift reference january.jsonl --windows drift

Exit code 1: something is raised.
"""
_STORE_HELP = "Store of versions: its current one, in place of --bundle."

WindowsOption = Annotated[
    Path | None,
    typer.Option("--windows", envvar="COPYDESK_DRIFT_DIR", help="Folder in which the service keeps its windows."),
]
BundleOption = Annotated[
    str | None, typer.Option(help="The model: a directory, default, fast, or a version.", show_default="default")
]
StoreOption = Annotated[Path | None, typer.Option("--store", envvar="COPYDESK_MODELS_DIR", help=_STORE_HELP)]


@commands.callback(invoke_without_command=True, epilog=_EXAMPLES)
def drift(
    context: typer.Context,
    windows: WindowsOption = None,
    bundle: BundleOption = None,
    store: StoreOption = None,
    last: Annotated[int, typer.Option(metavar="N", min=1, help="Windows to look at: the last ones.")] = 50,
    report: Annotated[Path | None, typer.Option(help="Directory for drift.json and drift.html.")] = None,
) -> None:
    """Compare the windows that a service has kept with the model's reference, the largest change first.

    Exit code 1 if something is raised: three windows in a row are over the same limit.
    """
    if context.invoked_subcommand:
        return
    if windows is None:
        raise ConfigError("--windows: name the folder that the service keeps its windows in, COPYDESK_DRIFT_DIR")
    if report is not None:
        need_extra()
    from copydesk.training.console import Screen
    from copydesk.training.reports.drift.findings import find_drift
    from copydesk.training.reports.drift.tables import drift_tables

    screen, model = Screen(), _find_model(bundle, store)
    manifest = load_manifest(model)
    reference = _find_reference(manifest, windows, model)
    findings = find_drift(manifest, reference, _read_windows(manifest, windows, reference.window)[-last:])
    screen.show(*drift_tables(findings))
    if report is not None:
        from copydesk.training.reports.drift.page import write_drift

        write_drift(report, findings)
        screen.say(f"wrote {report / 'drift.json'} and {report / 'drift.html'}")
    if findings.raised:
        raise typer.Exit(1)


@commands.command(
    "reference",
    epilog="\nExamples:\n  copydesk drift reference january.jsonl --windows drift\n"
    "  copydesk drift reference 'archive/*.parquet' --bundle runs/mine --window 2000\n",
)
def make(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Texts or pages that the model has not learned from: files, globs, hub."),
    ],
    windows: WindowsOption = None,
    bundle: BundleOption = None,
    store: StoreOption = None,
    window: Annotated[
        int, typer.Option(metavar="N", min=500, help="Texts of a window: with more, smaller changes show, later.")
    ] = 500,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it.", show_default="in --windows, or the model")
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Make the reference of texts of your own: those of a time when the model was good, 2,000 or more.

    In the folder of windows it takes the place of the one that the model brings.
    """
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.drift.reference import own_name, write_reference
    from copydesk.training.console import Screen
    from copydesk.training.evaluation.reference import measure_reference, read_documents

    screen, model = Screen(), _find_model(bundle, store)
    documents = read_documents(files)
    analyzer = Analyzer.load(model, device)
    target = out or (windows / own_name(analyzer.bundle) if windows else model / REFERENCE)
    source = ", ".join(Path(name).name for name in files)
    reference = measure_reference(analyzer, documents, source, window=window, progress=screen)
    write_reference(target, reference)
    screen.say(f"{reference.sums.n} texts of {source} are the reference of {analyzer.bundle.digest[:12]} -> {target}")


def _find_model(bundle: str | None, store: Path | None) -> Path:
    return find_bundle(bundle or ("current" if store else "default"), Store(store) if store else None)


def _find_reference(bundle: Bundle, *folders: Path) -> Reference:
    from copydesk.model.drift.reference import find_reference

    if reference := find_reference(bundle, *folders):
        return reference
    remedy = "make one with `copydesk drift reference FILE --windows DIR`"
    raise ConfigError(f"{bundle.name} {bundle.digest[:12]} has no reference; {remedy}")


def _read_windows(bundle: Bundle, folder: Path, least: int) -> list[Window]:
    from copydesk.model.drift.windows import read_windows

    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected the one that the service keeps its windows in")
    if found := read_windows(folder, bundle, least):
        return found
    model = f"{bundle.name} {bundle.digest[:12]}"
    raise DataError(f"{folder}: no window of {least} texts of {model} yet; serve with COPYDESK_DRIFT_DIR={folder}")

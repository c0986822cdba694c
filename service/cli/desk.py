"""The commands of the desk, where people correct, retrain and promote."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from copydesk.model.errors import DataError
from copydesk.model.installation import need_extra
from copydesk.service.cli import serve
from copydesk.service.cli.console import say

if TYPE_CHECKING:
    from copydesk.service.desk.desk import Desk
    from copydesk.service.settings import Settings

commands = typer.Typer(
    name="desk",
    help="The desk: read, correct, decide what to label next, retrain, promote.",
    invoke_without_command=True,
)

_STORE = Path("models")
_POLL_S = 0.5
_EXAMPLES = """
Examples:
  copydesk desk
  copydesk desk --port 9000 --store models
  copydesk desk export news judged.jsonl
  copydesk desk train news --config few_shot

The first start prints a link at which the first admin chooses a password.
"""

StoreOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Store of versions; made if it is not there.", show_default="models"),
]
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")]


@commands.callback(epilog=_EXAMPLES)
def start(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="NAME", help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="N", help="Port to listen on.", show_default="8000")] = None,
    store: StoreOption = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.", show_default="auto")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Let other machines ask without API keys.")] = False,
) -> None:
    """Start the desk, and the endpoint with it: `copydesk serve --desk`, with a store that is made if need be."""
    if context.invoked_subcommand is not None:
        return
    need_extra("desk", "the desk")
    settings = _settings(store, host=host, port=port, device=device)
    if settings.models_dir is not None:
        settings.models_dir.mkdir(parents=True, exist_ok=True)
    serve.start(settings, has_desk=True, is_open=insecure)


@commands.command(epilog="\nExample:\n  copydesk desk export news judged.jsonl\n")
def export(
    project: ProjectArgument,
    target: Annotated[str, typer.Argument(metavar="OUTPUT", help="JSONL, or - for standard output.")],
    what: Annotated[
        Literal["labels", "editors"], typer.Option(help="Labels, or corrected summaries and furniture.")
    ] = "labels",
) -> None:
    """Write what was judged: labels as `copydesk train` reads them, or choices of sentences as editors make them."""
    need_extra("desk", "the desk")
    from copydesk.model.files.disk import write_lines
    from copydesk.service.desk.jobs.export import rows_of
    from copydesk.service.desk.store.projects import find_project

    with opened() as desk, desk.database.read() as session:
        rows = rows_of(session, desk.ledger, find_project(session, project).id, what)
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        if target == "-":
            sys.stdout.writelines(f"{line}\n" for line in lines)
        else:
            write_lines(Path(target), lines)
            say(f"wrote {target}")


@commands.command(epilog="\nExample:\n  copydesk desk train news --config few_shot\n")
def train(
    project: ProjectArgument,
    config: Annotated[str, typer.Option(metavar="NAME", help="One of COPYDESK_DESK_CONFIGS.")] = "topics",
    store: StoreOption = None,
) -> None:
    """Train on what was judged and compare; exit code 1: it failed, or is worse. A person promotes it at the desk."""
    need_extra("desk", "the desk")
    from copydesk.service.desk.store.projects import find_project

    with opened(store) as desk:
        with desk.database.read() as session:
            project_id = find_project(session, project).id
        job = desk.trainer.start(project_id, config, "the command line")
        try:
            _follow(desk, job.id)
        except KeyboardInterrupt:
            desk.trainer.cancel(job.id)
            raise
        verdict = desk.trainer.verdict(job.id)
    say(f"training {job.id}: {verdict['headline'] if verdict else 'gave no version'}")
    if not (verdict and verdict["is_passed"]):
        raise typer.Exit(1)


def _follow(desk: Desk, job_id: int) -> None:
    """Show the log until the training has ended."""
    from copydesk.service.desk.jobs import process

    folder, offset, is_over = desk.trainer.folder_of(job_id), 0, False
    while not is_over:
        is_over = process.find_end(folder) is not None
        lines, offset = process.read_log(folder, offset)
        if lines:
            say(lines.rstrip("\n"))
        elif not is_over:
            time.sleep(_POLL_S)
    desk.trainer.settle()


def _settings(store: Path | None, **options: object) -> Settings:
    from copydesk.service.settings import read_settings

    settings = read_settings(models_dir=store, **options)
    return settings if settings.models_dir else settings.model_copy(update={"models_dir": _STORE})


@contextmanager
def opened(store: Path | None = None) -> Iterator[Desk]:
    """The desk of the settings; what a route would answer becomes an error of the command."""
    from copydesk.service.desk.desk import open_desk
    from copydesk.service.desk.errors import ConflictError, MissingError

    desk = open_desk(_settings(store))
    try:
        yield desk
    except (ConflictError, MissingError) as error:
        raise DataError(str(error)) from error
    finally:
        desk.database.close()

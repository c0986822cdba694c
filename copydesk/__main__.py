"""The command line: service's and training's commands joined, and how each of them ends."""

import re
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

from copydesk.model.boundary import where
from copydesk.model.errors import CopydeskError

if TYPE_CHECKING:
    import typer

_EPILOG = """
Exit codes:
  0    done
  1    done, and the answer is no: rows failed, data has faults, refused
  2    a mistake in the command or in a file, or a broken installation
  70   a fault of copydesk itself
  130  interrupted

Example, of many that copydesk COMMAND --help has:
  copydesk analyze article.txt
"""


def main() -> None:
    """Run a command. Whatever goes wrong ends with one sentence on standard error and its exit code."""
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # the last boundary
        if fault := _explain(error):
            print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
            sys.exit(fault.exit_code)
        _report_crash(error)
        sys.exit(70)  # EX_SOFTWARE of sysexits.h


def _run() -> int:
    """The exit code of the command that the arguments name; a user's mistake is told here."""
    import typer

    from copydesk.service.cli.console import say

    try:
        return int(join_commands()(standalone_mode=False) or 0)
    except typer.TyperException as error:
        if message := error.format_message():  # none where help was shown instead
            say(f"UsageError: {_one_sentence(message)}", style="red")
        return error.exit_code
    except CopydeskError as error:
        say(f"{type(error).__name__}: {' '.join(str(error).splitlines())}", style="red")
        return error.exit_code


def join_commands() -> "typer.Typer":
    """Every command there is. It loads no model: each command loads what it needs when it runs."""
    import typer

    from copydesk.service.cli import analyze, batch, desk, health, mcp, serve
    from copydesk.training.cli import data, distill, drift, evaluate, models, train

    app = typer.Typer(
        help="Tags, summary and evidence for news articles, from one pass of a small transformer.",
        epilog=_EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    def show_version(is_asked: bool) -> None:
        if is_asked:
            print(f"copydesk {version('copydesk')}")
            raise typer.Exit

    @app.callback()
    def options(
        version: Annotated[  # told before any command
            bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None: ...

    for module in (serve, health, analyze, batch, desk, mcp, train, distill, evaluate, data, models, drift):
        app.add_typer(module.commands)
    return app


def _one_sentence(message: str) -> str:
    """typer's words for a mistake in the command, in the form of ours."""
    message = message.replace("Value error, ", "").replace(". Did you mean", "; did you mean").removesuffix(".")
    message = re.sub(r" \(Possible options: (.+)\)", r"; did you mean \1?", message)
    return message if message.endswith("?") else f"{message}; --help tells more"


def _explain(error: Exception) -> CopydeskError | None:
    """What is wrong with the installation; None where it is another fault, such as a module of ours that is missing."""
    from copydesk.model.installation import explain_import

    try:
        return explain_import(error) if isinstance(error, ImportError) else None
    except ImportError:
        return None


def _report_crash(error: Exception) -> None:
    """Print what was raised and where, without its message, which may hold article text."""
    print(f"copydesk crashed: {type(error).__name__}, a fault of its own; report it with these lines:", file=sys.stderr)
    print("\n".join(f"  {line}" for line in where(error.__traceback__)), file=sys.stderr)


if __name__ == "__main__":
    main()

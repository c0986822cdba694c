"""What the commands print: answers on standard output, everything else on standard error, nothing that steers it."""

import io
import re
import sys

from rich.console import Console

_SPACES = re.compile("[\x0b-\x0d\x85]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # and what no encoding of a terminal holds


def printable(text: str) -> str:
    """The text without characters that steer a terminal: another one stands for each, so that offsets stay.

    An escape sequence in an article could otherwise fill the reader's clipboard (OSC 52) or retitle the window.
    """
    return _CONTROLS.sub("\ufffd", _SPACES.sub(" ", text))


def answers() -> Console:
    """Standard output, for people: text as it is, without markup; what its encoding lacks becomes a question mark."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(markup=False, highlight=False, emoji=False)


def messages() -> Console:
    """Standard error."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def say(message: str, style: str = "") -> None:
    """Print a message on standard error; only a terminal wraps it, so that a path in it stays whole."""
    messages().print(printable(message), style=style, soft_wrap=True)

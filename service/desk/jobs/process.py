"""A command in a process that outlasts the desk, known by its folder."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from copydesk.service.desk.errors import DeskError
from copydesk.service.desk.jobs.runner import COMMAND, END, LOCK, LOG, PID

_BEGIN_S = 30.0  # that the process may take until it listens
_PIECE = 64 * 1024  # bytes of a log that are shown at once


@dataclass(frozen=True)
class Ended:
    """How a command ended; without a code its process was killed, or the machine stopped."""

    code: int | None
    is_cancelled: bool = False


def start(folder: Path, command: Sequence[str]) -> None:
    """Run the command in a process and a session of its own: no signal to the desk reaches it. Raises DeskError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / COMMAND).write_text(json.dumps(list(command)), encoding="utf-8")
    runner = [sys.executable, "-m", "copydesk.service.desk.jobs.runner", str(folder)]
    none = subprocess.DEVNULL
    process = subprocess.Popen(runner, start_new_session=True, stdin=none, stdout=none, stderr=none)
    threading.Thread(target=process.wait, name="job", daemon=True).start()  # so that it leaves no zombie
    deadline = time.monotonic() + _BEGIN_S
    while not (folder / PID).is_file():
        if process.poll() is not None or time.monotonic() > deadline:
            raise DeskError(
                f"{folder}: the process that runs a training does not begin; see that the folder can be written"
            )
        time.sleep(0.02)


def find_end(folder: Path) -> Ended | None:
    """How it ended; None while it runs."""
    if ended := _read_end(folder):
        return ended
    if is_running(folder):
        return None
    return _read_end(folder) or Ended(None)  # it may have ended between the two looks


def is_running(folder: Path) -> bool:
    """Its process lives."""
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def cancel(folder: Path) -> bool:
    """Ask it to end; whether there was something to ask."""
    if not is_running(folder):
        return False
    os.kill(int((folder / PID).read_text(encoding="utf-8")), signal.SIGTERM)
    return True


def read_log(folder: Path, offset: int) -> tuple[str, int]:
    """What it has printed from this byte on, in whole lines, and where the next part begins."""
    try:
        with (folder / LOG).open("rb") as log:
            log.seek(offset)
            part = log.read(_PIECE)
    except FileNotFoundError:
        return "", offset
    end = part.rfind(b"\n") + 1 or (len(part) if len(part) == _PIECE else 0)
    return part[:end].decode("utf-8", "replace"), offset + end


def _read_end(folder: Path) -> Ended | None:
    try:
        return Ended(**json.loads((folder / END).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None

"""A process that runs one command and notes how it ended: `python -m copydesk.service.desk.jobs.runner FOLDER`.

It lives on when the desk ends, so that a training outlasts a restart. Its folder holds

command.json   what it runs
log.txt        all that the command prints
lock           held while it lives
pid            its own number, by which it is asked to end; there once it listens
end.json       how it ended, written whole
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from filelock import FileLock

from copydesk.model.files.disk import whole_file

COMMAND, LOG, LOCK, PID, END = "command.json", "log.txt", "lock", "pid", "end.json"
_KILL_AFTER_S = 10.0


class _Command:
    """A command that is asked to end by SIGTERM, also before it has begun."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_at: float | None = None
        signal.signal(signal.SIGTERM, self._ask)

    @property
    def is_cancelled(self) -> bool:
        """It was asked to end."""
        return self._asked_at is not None

    def run(self, arguments: Sequence[str], log: IO[bytes]) -> int:
        """Its exit code. One that does not end when it is asked to is ended."""
        self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        if self.is_cancelled:
            self._process.terminate()
        while True:
            try:
                return self._process.wait(0.5)
            except subprocess.TimeoutExpired:
                if self._asked_at is not None and time.monotonic() - self._asked_at > _KILL_AFTER_S:
                    self._process.kill()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked_at = self._asked_at or time.monotonic()
        if self._process is not None:
            self._process.terminate()


def main(folder: Path) -> None:
    """Run the folder's command to its end."""
    with FileLock(folder / LOCK), (folder / LOG).open("ab", buffering=0) as log:
        command = _Command()
        with whole_file(folder / PID) as pid:
            pid.write_text(str(os.getpid()), encoding="utf-8")
        code = command.run(json.loads((folder / COMMAND).read_text(encoding="utf-8")), log)
        with whole_file(folder / END) as end:
            end.write_text(json.dumps({"code": code, "is_cancelled": command.is_cancelled}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

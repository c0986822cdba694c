"""A PostgreSQL server of one's own: made, started and ended by whoever needs it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_USER = "postgres"  # whom the server runs as where we are root, as it refuses to be


def find_server() -> Path | None:
    """The folder of the newest PostgreSQL's programs; none where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = [folder for folder in folders if (folder / "initdb").is_file()]
    if not found and (initdb := shutil.which("initdb")):
        found = [Path(initdb).parent]
    return found[-1] if found else None


@contextmanager
def run_postgres() -> Iterator[str]:
    """The address of an empty database, on a server that listens on no network."""
    programs = find_server()
    assert programs is not None
    user = _USER if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="copydesk-pg-") as name:
        folder = Path(name)
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data, log = folder / "data", folder / "log"
        run = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-s"]
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=100"
        _call([programs / "initdb", "-D", data, "-A", "trust", "-U", _USER, "--no-sync"], user)
        _call([*run, "-l", log, "-o", options, "start"], user)
        try:
            yield f"postgresql://{_USER}@/postgres?host={folder}"
        finally:
            _call([*run, "-m", "immediate", "stop"], user)


def _call(command: list[str | Path], user: str | None) -> None:
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")

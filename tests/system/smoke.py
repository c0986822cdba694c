"""An installation for serving alone, used as a stranger would: every command and every route once.

`make smoke` runs it with the Python of such an installation, away from the repository; it needs nothing else.
"""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

COPYDESK = Path(sys.executable).with_name("copydesk")
CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
TIMEOUT_S = 120
LABELS = ["trade", "security", "taiwan", "drugs"]
STORY = "Police found heroin in a lorry full of tiles on Friday. Two drivers were arrested at the port, the army said."
PAGE = f"<html><body><nav><a href='/'>Home</a></nav><article><p>{STORY}</p><p>{STORY[::-1]}</p></article></body></html>"
COMMANDS = {
    "analyze", "batch", "data", "data check", "desk", "desk export", "desk train", "distill", "drift",
    "drift reference", "evaluate", "health", "mcp", "models", "models compare", "models list",
    "models promote", "models rollback", "models show", "serve", "train",
}  # fmt: skip
NEEDS_EXTRA = {
    "train": "train",
    "train few_shot --data stories.jsonl": "train",
    "evaluate --data stories.jsonl": "train",
    "data check stories.jsonl": "train",
    "drift --windows drift --report report": "train",
    "models compare default default --data stories.jsonl": "train",
    "models promote default --test stories.jsonl": "train",
    "batch somebody/stories answers.jsonl": "train",
    "batch stories.jsonl answers.jsonl --desk news": "desk",
    "desk": "desk",
    "desk export news judged.jsonl": "desk",
    "serve --desk --store .": "desk",
    "batch stories.jsonl answers.jsonl --engine ray": "ray",
    "mcp": "mcp",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    kind: str
    body: bytes


def check_that_what_is_installed_is_pinned() -> None:
    pins = dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", CONSTRAINTS.read_text(), re.MULTILINE))
    installed = {re.sub(r"[-_.]+", "-", package.name).lower(): package.version for package in distributions()}
    strays = {
        name: version
        for name, version in installed.items()
        if name not in {"copydesk", "pip"} and pins.get(name) != version.partition("+")[0]
    }
    assert strays == {}, strays


def check_that_every_command_helps() -> None:
    found = set(find_commands())
    assert found == COMMANDS, f"the smoke knows {sorted(COMMANDS)}, --help shows {sorted(found)}"


def check_that_texts_and_pages_are_analysed() -> None:
    text, page = map(json.loads, run("analyze story.txt page.html").splitlines())
    assert [tag["label"] for tag in text["tags"]] == LABELS
    assert text["summary"]["sentences"]
    assert STORY in page["text"]
    assert "heroin" in run("analyze - --format text", stdin=STORY)


def check_that_archives_of_every_format_are_read_and_written() -> None:
    run("batch stories.jsonl answers.csv --keep text")
    run("batch answers.csv answers.parquet --keep text")
    run("batch answers.parquet answers.jsonl.gz")
    lines = gzip.decompress(Path("answers.jsonl.gz").read_bytes()).splitlines()
    answers = [json.loads(line) for line in lines]
    assert [[tag["label"] for tag in answer["tags"]] for answer in answers] == [LABELS, LABELS]


def check_that_versions_are_kept_without_an_extra() -> None:
    run("models promote default --force")
    assert "default" in run("models list")
    assert json.loads(run("models show current"))["is_current"] is True
    assert "StoreError" in run("models rollback", 2)


def check_that_drift_is_told_from_a_reference_of_ones_own() -> None:
    texts = (f"{STORY} It was day {n}." for n in range(500))
    Path("texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    run("drift reference texts.jsonl --windows drift")
    assert "no window of 500 texts" in run("drift --windows drift", 2)


def check_that_a_missing_extra_is_named_with_its_command() -> None:
    for command, extra in NEEDS_EXTRA.items():
        said = run(command, 2)
        assert re.fullmatch(rf"InstallError: .* needs .*; pip install 'copydesk\[{extra}\]'", said), (
            f"{command}: {said}"
        )


def check_that_traces_name_their_extra() -> None:
    with environment(OTEL_SERVICE_NAME="desk"):
        said = run(f"serve --port {free_port()}", 2)
    assert re.fullmatch(r"InstallError: tracing, .* needs .*; pip install 'copydesk\[otel\]'", said), said


def check_that_a_version_reads_in_the_shadow() -> None:
    with environment(COPYDESK_SHADOW="current"), serve("--store", "models") as address:
        end = time.monotonic() + TIMEOUT_S
        while b"copydesk_shadow_info{" not in ask(address, "GET /metrics").body:
            assert time.monotonic() < end, "the shadow did not get ready"
            time.sleep(0.1)


def check_that_a_mistake_is_named() -> None:
    assert "No such command" in run("anlayze", 2)
    assert "nowhere.txt" in run("analyze nowhere.txt", 2)
    assert re.fullmatch(r"copydesk \d+\.\d+\.\d+\S*", run("--version"))


def check_that_a_package_removed_by_hand_is_named() -> None:
    for module, commands in {
        "trafilatura": ("analyze page.html", f"serve --port {free_port()}"),
        "tokenizers": ("analyze story.txt",),
        "typer": ("--help",),
    }.items():
        with removed(module):
            said = {command: run(command, 2) for command in commands}
        expected = f"{module}: No module named '{module}'; install it again: pip install --force-reinstall {module}"
        assert set(said.values()) == {f"InstallError: {expected}"}, said


def check_that_python_finds_it_beside_folders_of_the_same_names() -> None:
    folder = Path("elsewhere")
    for name in ("model", "service", "training", "configs"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise AssertionError('somebody else\\'s')")
    code = (
        "from pathlib import Path; from copydesk import Analyzer; from copydesk.training.config import read_config\n"
        f"labels = [tag.label for tag in Analyzer.load().analyze({STORY!r}).story.tags]\n"
        "print(labels, read_config(Path('few_shot')).name)"
    )
    assert call([sys.executable, "-c", code], cwd=folder) == f"{LABELS} few-shot"


def check_that_the_server_answers_every_route() -> None:
    with serve("--store", "models") as address:
        asked = {}
        for route, (status, kind, body) in {
            "GET /": (200, "text/html", None),
            "GET /docs": (200, "text/html", None),
            "GET /static/page.js": (200, "text/javascript", None),
            "GET /swagger/swagger-ui-bundle.js": (200, "text/javascript", None),
            "GET /openapi.json": (200, "application/json", None),
            "GET /livez": (200, "application/json", None),
            "GET /readyz": (200, "application/json", None),
            "GET /v1/model": (200, "application/json", None),
            "GET /labelstudio/health": (200, "application/json", None),
            "POST /v1/analyze": (200, "application/json", {"documents": [{"text": STORY}, {"html": PAGE}]}),
            "POST /predict": (200, "application/json", {"inputs": STORY}),
            "POST /v1/model/reload": (403, "application/problem+json", {}),
            "GET /metrics": (200, "text/plain", None),
        }.items():
            answer = asked[route] = ask(address, route, body)
            assert (answer.status, answer.kind) == (status, kind), f"{route}: {answer.status} {answer.kind}"
        described = json.loads(asked["GET /openapi.json"].body)["paths"]
        routes = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
        assert routes <= set(asked), f"the smoke does not know {sorted(routes - set(asked))}"
        results = json.loads(asked["POST /v1/analyze"].body)["results"]
        assert [[tag["label"] for tag in result["tags"]] for result in results] == [LABELS, LABELS]
        run(f"health --url {address}")
    assert run(f"health --url {address}", 1).startswith("not ready: ")


def find_commands(*words: str) -> Iterator[str]:
    """The commands that `copydesk WORDS --help` shows, and those that each of them has."""
    _, _, shown = run(" ".join([*words, "--help"])).partition("Commands")
    for name in re.findall(r"^[│ ] ([a-z][\w-]*) {2,}", shown, re.MULTILINE):
        yield " ".join([*words, name])
        yield from find_commands(*words, name)


def run(command: str, code: int = 0, *, stdin: str = "") -> str:
    """What `copydesk COMMAND` prints, or complains about where another exit code than 0 is expected."""
    return call([str(COPYDESK), *command.split()], code, stdin=stdin)


def call(command: Sequence[str], code: int = 0, *, stdin: str = "", cwd: Path = Path()) -> str:
    """What a command prints, or complains about, on one line, where another exit code than 0 is expected."""
    done = subprocess.run(
        command,
        input=stdin,
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    shown = f"{' '.join(command)}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    assert done.returncode == code, f"exit code {done.returncode}, expected {code}: {shown}"
    assert "Traceback" not in done.stderr, shown
    return " ".join(done.stderr.split()) if code else done.stdout.strip()


@contextmanager
def removed(module: str) -> Iterator[None]:
    """Let the folder of a package be elsewhere for a while."""
    (folder,) = [path for path in map(Path, sys.path) if (path / module).is_dir()]
    here, there = folder / module, folder / f"{module}.removed"
    here.rename(there)
    try:
        yield
    finally:
        there.rename(here)


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """With these variables, for what is started inside."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


@contextmanager
def serve(*options: str) -> Iterator[str]:
    """The address of a server, which ends without a fault."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    with (
        Path("serve.log").open("w") as log,
        subprocess.Popen([COPYDESK, "serve", "--port", str(port), *options], stdout=log, stderr=log) as server,
    ):
        try:
            wait_until_ready(address, server)
            yield address
        except BaseException:
            print(Path("serve.log").read_text()[-3000:])
            raise
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(TIMEOUT_S)
    assert code == 0, f"the server ended with {code}"


def wait_until_ready(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers; raise when it ends, or takes too long."""
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if ask(address, "GET /readyz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not get ready")


def ask(address: str, route: str, body: object = None) -> Answer:
    """The answer to a route such as "GET /livez"; `body` is sent as JSON."""
    method, path = route.split()
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return Answer(response.status, response.headers.get_content_type(), response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers.get_content_type(), error.read())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Make every check in a folder of its own, say how each went, and end with 1 if one failed."""
    checks = [value for name, value in globals().items() if name.startswith("check_")]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("story.txt").write_text(STORY)
        Path("page.html").write_text(PAGE)
        Path("stories.jsonl").write_text(2 * (json.dumps({"text": STORY, "labels": ["drugs"]}) + "\n"))
        failed = [check for check in checks if not passes(check)]
        os.chdir("/")
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def passes(check: Callable[[], None]) -> bool:
    """Whether a check passes; prints its name, its time, and why it does not."""
    start, fault = time.perf_counter(), ""
    try:
        check()
    except Exception:
        fault = traceback.format_exc()
    name = check.__name__.removeprefix("check_that_").replace("_", " ")
    print(f"{'FAILED' if fault else 'ok':6} {time.perf_counter() - start:5.1f} s  {name}\n{fault}", end="", flush=True)
    return not fault


if __name__ == "__main__":
    sys.exit(main())

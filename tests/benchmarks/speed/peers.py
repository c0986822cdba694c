"""Other servers, to be measured beside copydesk: a plain service, and Infinity."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import Bench, SkippedError
from benchmarks.servers import Server, find_port, run_server
from copydesk.model.network.encoder.files import DEFAULT_ENCODER, find_encoder

_FOLDER = Path(__file__).parent
_INSTALL_S = 1800
_INFINITY = (  # the last release, and the newest of its dependencies that work with it
    *("infinity-emb[torch,server,optimum]==0.0.77", "optimum[onnxruntime]==1.24.0", "transformers<4.50"),
    *("click<8.2", "typer==0.12.5", "datasets<4", "pandas<3", "pyarrow<22"),
)


@contextmanager
def serve_plain(bench: Bench, device: str = "cpu") -> Iterator[Server]:
    """The service of plain_service.py."""
    port, model = find_port(), bench.folder / "classifier"
    _make_classifier(sys.executable, model, bench.encoder)
    command = [sys.executable, str(_FOLDER / "plain_service.py"), str(model), str(port), device]
    with run_server(command, f"http://127.0.0.1:{port}", "/livez", log=bench.folder / "plain.log") as server:
        yield server


@contextmanager
def serve_infinity(venv: Path) -> Iterator[Server]:
    """Infinity from this virtual environment, made if need be. Raises SkippedError where that cannot be done."""
    port, model, program = find_port(), venv / "classifier", venv / "bin" / "infinity_emb"
    if not program.exists():
        _install_infinity(venv)
    _make_classifier(str(venv / "bin" / "python"), model)
    command = [
        *(str(program), "v2", "--model-id", str(model), "--served-model-name", "m", "--engine", "torch"),
        *("--device", "cpu", "--no-bettertransformer", "--batch-size", "32"),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    quiet = {"DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0", "HF_HUB_OFFLINE": "1"}
    with run_server(command, f"http://127.0.0.1:{port}", "/health", quiet) as server:
        yield server


def _install_infinity(venv: Path) -> None:
    print(f"installing Infinity into {venv} (some minutes)", flush=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, timeout=_INSTALL_S)
        subprocess.run([*pip, "torch==2.13.0"], check=True, timeout=_INSTALL_S)
        subprocess.run([*pip, *_INFINITY], check=True, timeout=_INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise SkippedError(f"{venv}: Infinity cannot be installed: {error}") from error


def _make_classifier(python: str, folder: Path, encoder: Path | None = None) -> None:
    if not (folder / "config.json").exists():
        encoder = encoder or find_encoder(DEFAULT_ENCODER).path
        command = [python, str(_FOLDER / "classifier.py"), str(encoder), str(folder)]
        subprocess.run(command, check=True, timeout=_INSTALL_S, stderr=subprocess.DEVNULL)

"""Archives for bulk jobs, and the jobs."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from copydesk.model.files.json import JsonObject
from support.tiny import STORY


def write_rows(path: Path, rows: Iterable[JsonObject]) -> Path:
    """A JSONL file of these rows."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def write_short_rows(path: Path, n_rows: int, n_sentences: int) -> Path:
    """Rows of about 25 tokens a sentence; no two are the same."""
    lines = STORY.splitlines()
    texts = (
        " ".join(f"{lines[i % 2]} Unit {n} of {i} said so." for i in range(n_sentences)) for n in itertools.count()
    )
    return write_rows(path, ({"id": n, "text": text} for n, text in enumerate(itertools.islice(texts, n_rows))))


def write_articles(path: Path, articles: list[JsonObject], n_rows: int) -> Path:
    """The articles over and over, each time under another id."""
    chosen = itertools.islice(itertools.cycle(articles), n_rows)
    return write_rows(path, ({"id": n, "text": row["text"]} for n, row in enumerate(chosen)))


def start_job(source: Path, target: Path, bundle: Path, *options: str) -> "subprocess.Popen[bytes]":
    """`copydesk batch` on the CPU, as a process of its own."""
    command = [sys.executable, "-m", "copydesk", "batch", str(source), str(target), "--device", "cpu"]
    return subprocess.Popen([*command, "--bundle", str(bundle), *options], stderr=subprocess.DEVNULL)

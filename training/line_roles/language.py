"""What stands around stories, and stories, in one language: the files of the folder `pages`."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from copydesk.model.page.roles.classifier import ROLES

_PAGES = Path(__file__).parent / "pages"
_LISTS = ("name", "outlet", "place", "date", "time", "teaser")

Block = list[tuple[str, str]]  # role and line


@dataclass
class Language:
    """The furniture and stories of one language."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    stories: list[list[str]] = field(default_factory=list)  # title first


def read_languages() -> dict[str, Language]:
    """Every language of the folder `pages`, by its code."""
    return {path.stem: read_language(path) for path in sorted(_PAGES.glob("*.txt"))}


def read_language(path: Path) -> Language:
    """The sections of one file of the folder `pages`."""
    language = Language()
    for section in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        name, _, content = section.partition("\n")
        chunks = [chunk.splitlines() for chunk in re.split(r"\n\s*\n", content.strip())]
        if name in _LISTS:
            language.lists[name] = [line for chunk in chunks for line in chunk]
        elif name == "body":
            language.stories += chunks
        else:
            language.blocks[name] = [[_read_line(line) for line in chunk] for chunk in chunks]
    return language


def _read_line(line: str) -> tuple[str, str]:
    if line.startswith("@"):
        role, _, text = line[1:].partition(" ")
        assert role in ROLES, line
        return role, text
    return "navigation", line


def read_corpus(folder: Path) -> list[list[str]]:
    """The stories of a folder of JSONL files, each a list of lines, its title first."""
    rows = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    return [[row.get("title") or "", *re.split(r"\n+", row["text"].strip())] for row in rows]

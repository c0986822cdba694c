"""What stands in a page of the documentation: its code blocks, tables, headings and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.tiny import ROOT

README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
DOCS = ROOT / "docs"
PAGES = (README, CONTRIBUTING, *sorted(DOCS.glob("*.md")))
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
_LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code; `language` is empty where none is named."""

    page: str
    language: str
    text: str


def code_blocks(page: Path, *languages: str) -> list[Block]:
    """The page's fenced blocks of these languages, in order; all without any."""
    found = [Block(page.name, *match.groups()) for match in _FENCED.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def shell_lines(page: Path) -> list[str]:
    """Every line of the page that is for a shell, without comments: of fenced `sh` blocks and indented ones."""
    rest = _FENCED.sub("", page.read_text(encoding="utf-8"))
    texts = [block.text for block in code_blocks(page, "sh")] + _INDENTED.findall(rest)
    lines = [line.partition(" #")[0].strip() for text in texts for line in text.splitlines()]
    return [line for line in lines if line]


def table_rows(page: Path, first: str) -> list[dict[str, str]]:
    """The rows of the table whose first column is headed `first`, each by heading; names come without backticks."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    heading = _cells(lines[start])
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(heading, _cells(line), strict=True)))
    return rows


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """File and anchor of each link to a file of the repository."""
    for target in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield (page.parent / file if file else page), anchor


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", title).strip().lower().replace(" ", "-") for title in titles}


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in cells]

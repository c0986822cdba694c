"""What the pages have in common: one file that needs nothing from elsewhere, with its JSON beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from copydesk.model.files.json import Json


@dataclass(frozen=True)
class KeyFigure:
    """A number that stands large at the top."""

    name: str
    value: str
    note: str


def render_page(template: str, **values: Any) -> str:  # Any: what the template shows
    """The template filled in: a name that is missing is an error, everything that comes from a file is escaped."""
    environment = Environment(
        loader=PackageLoader("copydesk.training.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(template).render(values)


def write_page(directory: Path, name: str, content: Json, page: str) -> None:
    """NAME.json with the content and NAME.html with the page, in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    (directory / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (directory / f"{name}.html").write_text(page, encoding="utf-8")

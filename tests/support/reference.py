"""Writes the pages that list every setting and every training key, a GPU's figures, and the API's description:
`make docs`."""

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from benchmarks.bench import show_number
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from copydesk.training.config import TrainingConfig
from support.tiny import ROOT

DOCS = ROOT / "docs"
_NOTE = "<!-- Written by `make docs` from {source}. Change it there. -->\n"
_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_GPU_START = "<!-- Written by `make docs` from docs/gpu.json. -->"
_GPU_END = "<!-- End of what is written. -->"
_NAMES = {int: "integer", float: "number", str: "text", Path: "path", tuple: "list"}

_SETTINGS = """# Settings of the service

Each is an environment variable of `copydesk serve`. The options `--host`, `--port`, `--bundle`, `--store` (for
`COPYDESK_MODELS_DIR`) and `--device` win over theirs. A value that does not fit ends the command with exit code 2 and
names the variable.

```sh
COPYDESK_PORT=9000 COPYDESK_REQUEST_TIMEOUT_S=20 copydesk serve
```

"""

_CONFIGURATION = """# Keys of the training configuration

`copydesk train CONFIG.toml` reads a TOML file with these keys, all of them optional. An unknown key is an error that
names the nearest one. [Your own labels](training.md#training) lists the complete files in `configs/`.

```toml
name = "mine"

[tags]
files = ["mine.jsonl"]
passes = 4.0
```

"""


def main() -> None:
    """Write them all."""
    for path, text in render_pages().items():
        path.write_text(text, encoding="utf-8")


def render_pages() -> dict[Path, str]:
    """The text of each generated page by its path."""
    return {
        DOCS / "settings.md": render_settings(),
        DOCS / "configuration.md": render_configuration(),
        DOCS / "benchmarks.md": render_benchmarks(),
        DOCS / "openapi.json": render_openapi(),
    }


def render_openapi() -> str:
    """What /openapi.json of a service without keys and without the desk answers; clients are generated from it."""
    return json.dumps(make_app(Settings(), Analyzer.load).openapi(), indent=1, ensure_ascii=False) + "\n"


def render_benchmarks() -> str:
    """The page of the benchmarks with the figures of docs/gpu.json, which `make bench PARTS=gpu` has measured."""
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(_GPU_START)
    _, _, after = rest.partition(_GPU_END)
    kept = json.loads((DOCS / "gpu.json").read_text(encoding="utf-8"))
    return f"{before}{_GPU_START}\n{_gpu_figures(kept)}\n{_GPU_END}{after}"


def _gpu_figures(kept: dict[str, Any]) -> str:  # Any: JSON
    """Figures, then rows, of the GPU that was measured."""
    head = f"{kept['card']}, {kept['n_cores']} cores, torch {kept['torch']}, {kept['date'][:10]}:"
    figures = [f"| {own['name']} | {show_number(own['value'])} {own['unit']} |" for own in kept["figures"]]
    lines = [head, "", "| | |", "|---|---|", *figures]
    if kept["rows"]:
        name, *columns = kept["rows"][0]
        lines += ["", f"| {' | '.join((name, *columns))} |", "|---" * (1 + len(columns)) + "|"]
        lines += [f"| {' | '.join((row[name], *(show_number(row[c]) for c in columns)))} |" for row in kept["rows"]]
    return "\n".join(lines)


def render_settings() -> str:
    """The page of the service's settings."""
    rows = [(f"`COPYDESK_{name.upper()}`", field) for name, field in Settings.model_fields.items()]
    return _NOTE.format(source="service/settings.py") + _SETTINGS + _table("variable", rows)


def render_configuration() -> str:
    """The page of the training configuration, section by section."""
    parts = [_NOTE.format(source="training/config.py"), _CONFIGURATION]
    for title, intro, section in list_sections():
        rows = [(f"`{name}`", field) for name, field in section.model_fields.items() if not _is_section(field)]
        parts.append(f"## {title}\n\n{intro}\n\n{_table('key', rows)}\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def list_sections() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Title, first sentence and model of the top level, then of each section."""
    yield "At the top", "Before the first section.", TrainingConfig
    for name, field in TrainingConfig.model_fields.items():
        if _is_section(field):
            assert isinstance(field.annotation, type)
            yield (
                f"`[{name}]`",
                str(field.annotation.__doc__).partition(";")[0].removesuffix(".") + ".",
                field.annotation,
            )


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _table(first: str, rows: list[tuple[str, FieldInfo]]) -> str:
    lines = [f"| {first} | takes | default | meaning |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {_values(field)} | {_default(field.default)} | {_escape(field.description or '')} |"
        for name, field in rows
    ]
    return "\n".join(lines) + "\n"


def _values(field: FieldInfo) -> str:
    """What a field takes: its type, then its bounds."""
    limits = [
        f"{sign} {getattr(limit, name)}"
        for limit in field.metadata
        for name, sign in _SIGNS.items()
        if hasattr(limit, name)
    ]
    return _escape(", ".join([_type(field.annotation), *limits]))


def _type(annotation: Any) -> str:  # Any: whatever stands behind the colon
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(one) for one in arguments if one is not type(None))
    return _NAMES.get(origin or annotation, "text")


def _default(value: object) -> str:
    if value == DEFAULT_BUNDLE:
        return "the bundle that ships"
    if value is None or value == ():
        return "none"
    return f"`{value}`"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()

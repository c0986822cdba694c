import subprocess
import sys

import pytest
from typer import Typer
from typer.testing import CliRunner

from copydesk.training.cli import data, evaluate, models, train

HEAVY = ("datasets", "jinja2", "matplotlib", "numpy", "peft", "pydantic", "sklearn", "torch", "transformers")


def test_what_help_loads_is_light() -> None:
    code = (
        "import sys; from copydesk.training.cli import data, evaluate, models, train\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("commands", "arguments", "example"),
    [
        (train.commands, [], "copydesk train --data stories.jsonl --out runs/mine"),
        (evaluate.commands, [], "copydesk evaluate --data stories.jsonl"),
        (data.commands, [], "copydesk data check stories.jsonl corrections.csv"),
        *(
            (models.commands, [name], f"copydesk models {name}")
            for name in ("list", "show", "compare", "promote", "rollback")
        ),
    ],
)
def test_every_command_shows_an_example(commands: Typer, arguments: list[str], example: str) -> None:
    result = CliRunner().invoke(commands, [*arguments, "--help"])
    assert result.exit_code == 0
    assert f"  {example}" in result.output

"""What the tables for a terminal have in common."""

from rich import box
from rich.table import Table
from rich.text import Text


def make_table(title: str, name: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are numbers."""
    table = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(name)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def show_number(value: float | None) -> str:
    """The number with three digits; nothing where there is none."""
    return "" if value is None else f"{value:.3f}"

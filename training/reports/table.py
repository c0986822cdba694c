"""How every table on a terminal looks. It stands alone, so that the versions of a store are shown without the extra."""

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

"""The schema: brought to what this copydesk knows when the desk starts."""

from pathlib import Path

from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from copydesk.service.desk.errors import DeskError
from copydesk.service.desk.store.database import Database

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x636F7079  # of PostgreSQL: any number that is ours; several servers may start at once


def migrate(database: Database) -> None:
    """Bring the database to the newest schema. Raises DeskError where it is of a newer one than is known here."""
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        _check_known(database, connection)
        config = make_config()
        config.attributes["connection"] = connection
        upgrade(config, "head")


def make_config() -> Config:
    """How alembic finds the steps."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _check_known(database: Database, connection: Connection) -> None:
    steps = ScriptDirectory.from_config(make_config())
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return
    try:
        steps.get_revision(current)
    except CommandError as error:
        newest = steps.get_current_head()
        raise DeskError(
            f"{database.name}: schema {current}, this copydesk knows up to {newest}; upgrade copydesk, or restore the "
            "copy of the database that it belongs to"
        ) from error

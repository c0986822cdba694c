"""How alembic runs the steps: within the transaction that it is given."""

from alembic import context

from copydesk.service.desk.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()

"""Runs the migrations on the connection that `kb.store.database.upgrade` hands over, inside its transaction."""

from alembic import context

from kb.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()

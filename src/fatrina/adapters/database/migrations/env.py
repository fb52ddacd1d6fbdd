"""Run the migrations on the connection that `engine.Database.migrate` passes."""

from alembic import context

from fatrina.adapters.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()

"""What Alembic runs for every command. `bot.jobs.migrating` hands in an open connection."""

from alembic import context

from bot.jobs.tables import metadata


def migrate() -> None:
    """Run the steps inside the transaction that the connection is in already."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


if __name__ == "env_py":  # Alembic loads this file under that name; an import does no work
    migrate()

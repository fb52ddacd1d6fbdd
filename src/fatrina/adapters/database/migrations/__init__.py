"""Migrations of the tables, one revision per file."""

from sqlalchemy import Connection

from fatrina.domain import errors


def upgrade(conn: Connection) -> None:
    """Migrate the tables to the newest revision.

    Raises:
        errors.DatabaseUnavailable: this program does not know the revision of the tables.
    """
    # Importing Alembic takes longer than the rest of a start, so it is imported only if needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "fatrina:adapters/database/migrations")
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise errors.DatabaseUnavailable from exc

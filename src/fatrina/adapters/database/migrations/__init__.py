"""The tables' history, one revision a file."""

from sqlalchemy import Connection

from fatrina.domain import errors


def upgrade(conn: Connection) -> None:
    """Bring the tables to the newest revision.

    Raises:
        errors.DatabaseUnavailable: they are of a revision that this program does not know.
    """
    # Alembic takes longer to import than the rest of a start: only for tables that need it.
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

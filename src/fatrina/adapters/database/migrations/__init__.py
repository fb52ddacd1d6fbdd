"""Migrations of the tables, one revision per file."""

from typing import Final

from sqlalchemy import Connection, inspect, select, text, update

from fatrina.adapters.database.schema import REVISION, deployment
from fatrina.domain import errors

_LOCATION: Final = "fatrina:adapters/database/migrations"


class MigrationRequiredError(Exception):
    """The tables have an older revision, and migrating them is disabled."""


def migrate(conn: Connection, *, allowed: bool = True) -> None:
    """Migrate the tables to the newest revision; accept compatible tables of a newer one.

    Raises:
        errors.DatabaseUnavailable: this program is older than the tables allow.
        MigrationRequiredError: the tables are older, and migrating them is not `allowed`.
    """
    revision = read_revision(conn)
    if is_usable(conn, revision):
        return
    if revision is not None and revision > REVISION:
        raise errors.DatabaseUnavailable
    if not allowed:
        raise MigrationRequiredError
    _upgrade(conn)


def is_usable(conn: Connection, revision: str | None) -> bool:
    """Return whether this program can use tables of this revision as they are."""
    if revision is None or revision < REVISION:
        return False
    if revision == REVISION:
        return True
    oldest = conn.scalar(select(deployment.c.compatible))
    return oldest is not None and oldest <= REVISION


def read_revision(conn: Connection) -> str | None:
    """Return the revision of the tables; None if there are no tables."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    revision: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _upgrade(conn: Connection) -> None:
    # Importing Alembic takes longer than the rest of a start, so it is imported only if needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _LOCATION)
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise errors.DatabaseUnavailable from exc
    newest = ScriptDirectory.from_config(config).get_revision("head")
    conn.execute(update(deployment).values(compatible=getattr(newest.module, "COMPATIBLE")))  # noqa: B009

"""Sequences of auto-incremented ids: continue after ids that were inserted explicitly."""

from sqlalchemy import Connection, func, select

from fatrina.adapters.database.schema import apps, merchants, subscriptions


def advance(conn: Connection) -> None:
    """Let new merchants, apps and subscriptions get ids above all existing ones.

    PostgreSQL's sequences ignore explicit ids; SQLite always continues after the highest id.
    """
    if conn.dialect.name != "postgresql":
        return
    for table in (merchants, apps, subscriptions):
        sequence = func.pg_get_serial_sequence(table.name, "id")
        # `nextval`, so that an id taken by another transaction is not issued again.
        last = select(func.max(table.c.id)).scalar_subquery()
        highest = func.greatest(func.nextval(sequence), last)
        conn.execute(select(func.setval(sequence, highest)))

"""Inspection of a PostgreSQL server: its version, clock, and the settings that durability needs."""

from typing import NamedTuple

from sqlalchemy import Connection, text

from fatrina.domain.types import Millis

_QUERY = text("""
    SELECT current_setting('server_version'),
        current_setting('server_encoding'),
        current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on',
        current_setting('synchronous_commit'),
        current_setting('synchronous_standby_names', true),
        current_setting('max_connections')::int,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint
""")


class ServerFacts(NamedTuple):
    """What a server reports about itself."""

    version: str
    encoding: str
    survives_crashes: bool
    """Whether its files are flushed, and complete after a crash of its machine."""
    synchronous_commit: str
    synchronous_standbys: str
    max_connections: int
    connections: int
    now: Millis
    """Its clock, in milliseconds since the epoch."""


def read_facts(conn: Connection) -> ServerFacts:
    """Return the facts about the server of a connection."""
    return ServerFacts(*conn.execute(_QUERY).one())

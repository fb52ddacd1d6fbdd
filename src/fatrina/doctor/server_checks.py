"""Checks of a PostgreSQL server: durability, clock, connections."""

import time
from typing import Final

from fatrina.adapters.database import Database, server_inspection
from fatrina.adapters.database.server_inspection import ServerFacts
from fatrina.doctor.report import Report

_MAX_CLOCK_DIFFERENCE_MS: Final = 5000
_CONNECTIONS_PER_NODE: Final = 14
"""The pool, the connections of background jobs, and that of the housekeeping lock."""


def check_server(report: Report, database: Database) -> None:
    """Check the server of a database.

    Raises:
        errors.DatabaseUnavailable: it does not respond.
    """
    started = time.time_ns() // 1_000_000
    with database.reading() as conn:
        facts = server_inspection.read_facts(conn)
    ended = time.time_ns() // 1_000_000
    report.ok("server", f"PostgreSQL {facts.version} responds in {ended - started} ms")
    if facts.encoding != "UTF8":
        advice = "Names in Arabic cannot be stored: create the database with ENCODING 'UTF8'."
        report.fail("encoding", facts.encoding, advice)
    _check_durability(report, facts)
    difference = max(started - facts.now, facts.now - ended)
    if difference > _MAX_CLOCK_DIFFERENCE_MS:
        finding = f"differs from that of the server by {difference / 1000:,.0f} seconds"
        report.fail("clock of the server", finding, "Synchronize the clocks of all machines.")
    else:
        report.ok("clock of the server", "agrees with that of this machine")
    finding = (
        f"{facts.connections} of {facts.max_connections} in use; "
        f"a node uses up to {_CONNECTIONS_PER_NODE}"
    )
    if facts.max_connections - facts.connections < _CONNECTIONS_PER_NODE:
        advice = "Increase max_connections, or put PgBouncer in front: see docs/nodes.md."
        report.warn("connections", finding, advice)
    else:
        report.ok("connections", finding)


def _check_durability(report: Report, facts: ServerFacts) -> None:
    if not facts.survives_crashes:
        finding = "fsync or full_page_writes is off"
        report.fail("durability", finding, "A crash can destroy the database: set both to on.")
    elif facts.synchronous_commit == "off":
        finding = "synchronous_commit is off"
        advice = "A crash loses updates that were acknowledged: set it to on."
        report.fail("durability", finding, advice)
    elif not facts.synchronous_standbys:
        report.ok("durability", "commits are flushed; a failover may lose the last ones")
    else:
        report.ok("durability", "commits are flushed, also by a standby")

"""Rate-limit buckets of all nodes, in an unlogged PostgreSQL table that a crash empties."""

from typing import Final, Self

from sqlalchemy import delete, text

from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.schema import rate_limit_buckets
from fatrina.domain import rate_limit
from fatrina.domain.rate_limit import LEAK_INTERVAL, RateLimitStatus
from fatrina.domain.types import MerchantId, Millis

# `domain.rate_limit.consume` as one statement, so that nodes need no lock, with the clock of the
# database, so that the clocks of nodes do not matter. A test compares the two.
_LEVEL: Final = "least(greatest(bucket.empty_at - excluded.counted_at, 0), :capacity)"
_CONSUME: Final = text(
    """
    INSERT INTO rate_limit_buckets AS bucket (merchant_id, empty_at, accepted, counted_at)
    SELECT :merchant, clock.now + :leak, true, clock.now
    FROM (SELECT coalesce(
        CAST(:now AS bigint), CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)
    ) AS now) AS clock
    ON CONFLICT (merchant_id) DO UPDATE SET
        accepted = {level} + :leak <= :capacity,
        empty_at = excluded.counted_at + {level}
            + CASE WHEN {level} + :leak <= :capacity THEN :leak ELSE 0 END,
        counted_at = excluded.counted_at
    RETURNING accepted, empty_at, counted_at
    """.replace("{level}", _LEVEL)
)


class PostgresBucketStore:
    """One row per merchant, shared by all nodes."""

    def __init__(self, database: PostgresDatabase) -> None:
        """Use a database whose tables are migrated; the caller closes it."""
        self._database = database

    def consume(
        self, merchant_id: MerchantId, limit: int, now: Millis | None = None
    ) -> RateLimitStatus:
        """Count one request of a merchant and return the status of its bucket.

        `now` replaces the clock of the database in tests.

        Raises:
            errors.DatabaseUnavailable: the database does not respond.
        """
        values: dict[str, int | None] = {"merchant": merchant_id, "now": now}
        values |= {"leak": LEAK_INTERVAL, "capacity": limit * LEAK_INTERVAL}
        with self._database.single_statement() as connection:
            accepted, empty_at, counted_at = connection.execute(_CONSUME, values).one()
        return rate_limit.status(
            limit, Millis(empty_at - counted_at), Millis(counted_at), accepted=accepted
        )

    def clear(self) -> None:
        """Empty all buckets.

        Raises:
            errors.DatabaseUnavailable: the database does not respond.
        """
        with self._database.writing() as tx:
            tx.execute(delete(rate_limit_buckets))

    def close(self) -> None:
        """Do nothing: the database is closed by its owner."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

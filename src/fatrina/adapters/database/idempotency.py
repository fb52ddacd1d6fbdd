"""Queries for idempotency keys: the requests that were executed with them, and their responses."""

import json

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select
from sqlalchemy.exc import IntegrityError

from fatrina.adapters.database.schema import idempotency_keys
from fatrina.domain import errors
from fatrina.domain.idempotency import Slot, StoredRequest, StoredResponse
from fatrina.domain.types import Millis


def find(conn: Connection, slot: Slot, now: Millis) -> StoredRequest | None:
    """Return the request that was executed with this key and has not expired."""
    columns = idempotency_keys.c
    query = select(idempotency_keys).where(_matches(slot), columns.expires_at > now)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return None
    headers = tuple((name, value) for name, value in json.loads(row["headers"]))
    response = StoredResponse(row["status"], headers, row["body"])
    return StoredRequest(row["fingerprint"], Millis(row["expires_at"]), response)


def add(tx: Connection, slot: Slot, request: StoredRequest, now: Millis) -> None:
    """Store an executed request; replace one that has expired.

    On PostgreSQL, this waits for a concurrent transaction that stores the same key.

    Raises:
        errors.IdempotencyRunning: the key was stored by another request.
    """
    columns = idempotency_keys.c
    tx.execute(delete(idempotency_keys).where(_matches(slot), columns.expires_at <= now))
    try:
        tx.execute(
            insert(idempotency_keys).values(
                merchant_id=slot.merchant_id,
                operation=slot.operation,
                key=slot.key,
                fingerprint=request.fingerprint,
                status=request.response.status,
                headers=json.dumps(request.response.headers),
                body=request.response.body,
                expires_at=request.expires_at,
            )
        )
    except IntegrityError as exc:
        raise errors.IdempotencyRunning from exc


def delete_expired(tx: Connection, now: Millis) -> None:
    """Delete the expired requests."""
    tx.execute(delete(idempotency_keys).where(idempotency_keys.c.expires_at <= now))


def _matches(slot: Slot) -> ColumnElement[bool]:
    columns = idempotency_keys.c
    return and_(
        columns.merchant_id == slot.merchant_id,
        columns.operation == slot.operation,
        columns.key == slot.key,
    )

"""Idempotency keys: their syntax, the fingerprint of a request, and its stored response.

The rules are those of the IETF draft draft-ietf-httpapi-idempotency-key-header, and Stripe's where
the draft leaves a choice.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from fatrina.domain import errors
from fatrina.domain.types import MerchantId, Millis

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_NOT_STORED: Final = frozenset({401, 408, 409, 429, 499})
"""Statuses that say nothing about the result of another attempt."""
_SERVER_ERROR: Final = 500
MAX_BODY_LENGTH: Final = 1_000_000
"""Maximum characters of a stored body: a product with thousands of videos exceeds it."""
STORED_HEADERS: Final = frozenset({"content-type", "content-language", "etag", "fatrina-reason"})
"""Headers of a response that are stored with it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What a key is unique in: the calls of one kind by one merchant."""

    merchant_id: MerchantId
    operation: str
    key: str


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as it is stored; without a body if it was too long."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str | None


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request that was executed with a key."""

    fingerprint: str
    expires_at: Millis
    response: StoredResponse

    def replay(self, fingerprint: str) -> StoredResponse:
        """Return the response to a repetition of the request.

        Raises:
            errors.ValidationFailed: it is another request.
            errors.IdempotencyNotStored: the response was too long to be stored.
        """
        if fingerprint != self.fingerprint:
            raise errors.ValidationFailed(errors.IdempotencyMismatch(HEADER))
        if self.response.body is None:
            raise errors.IdempotencyNotStored
        return self.response


def parse_key(value: str) -> str:
    """Return a valid key.

    Raises:
        errors.ValidationFailed: it is not 1 to 255 visible ASCII characters.
    """
    if not _KEY.fullmatch(value):
        raise errors.ValidationFailed(errors.InvalidIdempotencyKey(HEADER))
    return value


def fingerprint(
    method: str, path: str, fields: Mapping[str, object], photo_sha256: str | None
) -> str:
    """Return a hash of everything that makes two requests equal.

    The order of the fields does not matter. A link is one of the fields.
    """
    content = [method, path, dict(fields), photo_sha256]
    text = json.dumps(content, sort_keys=True, default=_describe)
    return sha256(text.encode()).hexdigest()


def should_store(status: int) -> bool:
    """Return whether a response with this status is the final result of its request."""
    return status < _SERVER_ERROR and status not in _NOT_STORED


def _describe(value: object) -> str:
    """Return the text of an invalid field's error."""
    return repr(value)

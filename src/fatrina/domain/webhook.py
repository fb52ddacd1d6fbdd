"""Webhooks: events, subscriptions, signatures and the schedule of delivery attempts."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fatrina.domain.durations import HOUR, SECOND
from fatrina.domain.types import Millis

IMAGE_UPDATED: Final = "product.image.updated"
PRODUCT_CREATED: Final = "product.created"
PRODUCT_UPDATED: Final = "product.updated"
PRODUCT_DELETED: Final = "product.deleted"
EVENTS: Final[Mapping[str, str]] = {
    IMAGE_UPDATED: "تم تحديث صور المنتج",
    PRODUCT_CREATED: "تم إنشاء منتج",
    PRODUCT_UPDATED: "تم تحديث المنتج",
    PRODUCT_DELETED: "تم حذف المنتج",
}
"""The events that a subscription can select, and their Arabic labels."""
IMAGE_CHANGE_EVENTS: Final = (IMAGE_UPDATED, PRODUCT_UPDATED)
"""Events that are sent when a product's images change."""
PRODUCT_CHANGE_EVENTS: Final = (PRODUCT_UPDATED,)
"""Events that are sent when a product's own fields change."""
SIGNATURE: Final = "signature"
TOKEN: Final = "token"  # noqa: S105  the name of a strategy
NONE: Final = "none"
STRATEGIES: Final = (SIGNATURE, TOKEN, NONE)
MAX_SUBSCRIPTIONS: Final = 100
"""Maximum subscriptions per merchant."""
MAX_ATTEMPTS: Final = 3
"""Maximum attempts per delivery: the real API's figure."""
SUCCESS_STATUSES: Final = frozenset({200, 201})
"""HTTP statuses that confirm a delivery; after any other status it is retried."""
MAX_HEADERS: Final = 50
"""Maximum custom headers per subscription."""
MAX_PENDING: Final = 10_000
"""Maximum pending events per subscription; beyond it, the oldest are dropped."""
MAX_PENDING_FAILING: Final = 1_000
"""Maximum pending events of a failing subscription: the newest are kept until it recovers."""
FAILING_AFTER: Final = 10
"""Consecutive failed attempts after which a subscription is failing."""
MAX_PAUSE_MS: Final = HOUR
"""Maximum pause, in milliseconds, between two attempts to a failing subscription."""
_MAX_DOUBLINGS: Final = 20
_AUTHORIZATION: Final = "Authorization"
_CLOCK_TOLERANCE: Final = SECOND
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,1022}[\x21-\x7e])?|")
RESERVED_HEADERS: Final = frozenset(
    {
        *("connection", "content-encoding", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("user-agent", "x-salla-security-strategy", "x-salla-signature"),
    }
)
"""Headers, in lower case, that a subscription cannot set."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A merchant's subscription to an event."""

    name: str
    event: str
    url: str
    version: int = 2
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    strategy: str = SIGNATURE
    secret: str = field(default="", repr=False)


def is_sendable_header(name: str, value: str) -> bool:
    """Return whether a subscription may set this header (RFC 9110, 5.1 and 5.5; ASCII only)."""
    valid = _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)
    return bool(valid) and name.lower() not in RESERVED_HEADERS


def is_valid_secret(secret: str) -> bool:
    """Return whether a secret is a valid header value, which the strategy `token` needs."""
    return bool(secret and _HEADER_VALUE.fullmatch(secret))


def undeliverable_reason(subscription: Subscription) -> str | None:
    """Return the error reason why a stored subscription cannot receive events, or None."""
    if (
        subscription.strategy == TOKEN
        and subscription.secret
        and not is_valid_secret(subscription.secret)
    ):
        return "invalid_secret"
    if not all(is_sendable_header(name, value) for name, value in subscription.headers):
        return "header_not_allowed"
    return None


def delivery_headers(subscription: Subscription, body: bytes) -> list[tuple[str, str]]:
    """Return the headers of a delivery: those of the subscription, and the proof of its origin.

    The strategy `token` replaces an Authorization header of the subscription. Without a secret, or
    with the strategy `none`, there is no proof.
    """
    headers, secret = [*subscription.headers], subscription.secret
    if not secret or subscription.strategy == NONE:
        return headers
    if subscription.strategy == TOKEN:
        others = [each for each in headers if each[0].lower() != _AUTHORIZATION.lower()]
        return [*others, ("X-Salla-Security-Strategy", "Token"), (_AUTHORIZATION, secret)]
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return [
        *headers,
        ("X-Salla-Security-Strategy", "Signature"),
        ("X-Salla-Signature", signature),
    ]


def next_attempt(attempts: int, pause: Millis, now: Millis) -> Millis | None:
    """Return when to retry a delivery that failed `attempts` times; None if it is given up."""
    return Millis(now + pause) if attempts < MAX_ATTEMPTS else None


def max_pending(failures: int) -> int:
    """Return the maximum pending events of a subscription whose last `failures` attempts failed."""
    return MAX_PENDING if failures < FAILING_AFTER else MAX_PENDING_FAILING


def pause_after(failures: int, pause: Millis) -> Millis:
    """Return the pause of a subscription after `failures` consecutive failures, in milliseconds."""
    if failures < FAILING_AFTER:
        return Millis(0)
    doubled: int = pause << min(failures - FAILING_AFTER, _MAX_DOUBLINGS)
    return Millis(min(doubled, max(MAX_PAUSE_MS, pause)))


def latest_due_at(pause: Millis, now: Millis) -> Millis:
    """Return the latest due time of a pause that began before `now`.

    A later due time was recorded while the clock was ahead; such a delivery is due now.
    """
    return Millis(now + pause + _CLOCK_TOLERANCE)

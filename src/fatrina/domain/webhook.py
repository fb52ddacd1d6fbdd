"""Events and their deliveries: which there are, how they are signed, when they are tried again."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fatrina.domain.durations import HOUR, SECOND

IMAGE_UPDATED: Final = "product.image.updated"
PRODUCT_UPDATED: Final = "product.updated"
EVENTS: Final[Mapping[str, str]] = {
    IMAGE_UPDATED: "An image of a product was added, changed or removed.",
    PRODUCT_UPDATED: "A product was changed, or one of its images.",
}
IMAGE_CHANGE_EVENTS: Final = (IMAGE_UPDATED, PRODUCT_UPDATED)
"""What a change of a product's images is announced as."""
PRODUCT_CHANGE_EVENTS: Final = (PRODUCT_UPDATED,)
"""What a change of a product's own fields is announced as."""
SIGNATURE: Final = "signature"
TOKEN: Final = "token"  # noqa: S105  the name of a strategy
STRATEGIES: Final = (SIGNATURE, TOKEN)
MAX_SUBSCRIPTIONS: Final = 100
"""Subscriptions that a merchant may have."""
MAX_ATTEMPTS: Final = 3
"""How often a delivery is tried before it is given up: the real API's figure."""
SUCCESS_STATUSES: Final = frozenset({200, 201})
"""The statuses that say that a delivery was taken; with any other it is tried again."""
MAX_HEADERS: Final = 50
"""Headers of its own that a subscription may have."""
MAX_PENDING: Final = 10_000
"""Events that may wait for one subscription; beyond, the oldest are dropped."""
MAX_PENDING_FAILING: Final = 1_000
"""The same for a subscription that is failing: the newest are kept until it answers again."""
FAILING_AFTER: Final = 10
"""Attempts without a success in between after which a subscription is failing."""
MAX_PAUSE_MS: Final = HOUR
"""Longest pause, in milliseconds, between two attempts to a failing subscription."""
_MAX_DOUBLINGS: Final = 20
_CLOCK_TOLERANCE: Final = SECOND
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,1022}[\x21-\x7e])?|")
RESERVED_HEADERS: Final = frozenset(
    {
        *("authorization", "connection", "content-encoding", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("user-agent", "x-salla-security-strategy", "x-salla-signature"),
    }
)
"""Headers, in small letters, that a subscription cannot set."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to be told of what, and how."""

    name: str
    event: str
    url: str
    version: int = 2
    headers: tuple[tuple[str, str], ...] = ()
    strategy: str = SIGNATURE
    secret: str = field(default="", repr=False)


def is_sendable_header(name: str, value: str) -> bool:
    """Whether a subscription may set this header (RFC 9110, 5.1 and 5.5; ASCII alone)."""
    sound = _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)
    return bool(sound) and name.lower() not in RESERVED_HEADERS


def is_valid_secret(secret: str) -> bool:
    """Whether a secret can be the value of a header, as the strategy `token` sends it."""
    return bool(secret and _HEADER_VALUE.fullmatch(secret))


def undeliverable_reason(wanted: "Subscription") -> str | None:
    """Why a subscription, as it was stored, can receive nothing; None when it can."""
    if wanted.strategy == TOKEN and wanted.secret and not is_valid_secret(wanted.secret):
        return "invalid_secret"
    if not all(is_sendable_header(name, value) for name, value in wanted.headers):
        return "header_not_allowed"
    return None


def signature_headers(subscription: Subscription, body: bytes) -> list[tuple[str, str]]:
    """The headers by which a receiver knows that a body comes from here; none without a secret."""
    secret = subscription.secret
    if not secret:
        return []
    if subscription.strategy == TOKEN:
        return [("X-Salla-Security-Strategy", "Token"), ("Authorization", secret)]
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return [("X-Salla-Security-Strategy", "Signature"), ("X-Salla-Signature", signature)]


def next_attempt(attempts: int, pause: int, now: int) -> int | None:
    """When a delivery that failed for the `tries`th time is tried again; None for never."""
    return now + pause if attempts < MAX_ATTEMPTS else None


def max_pending(failures: int) -> int:
    """How many events may wait for a subscription whose last `failures` attempts failed."""
    return MAX_PENDING if failures < FAILING_AFTER else MAX_PENDING_FAILING


def pause_after(failures: int, pause: int) -> int:
    """How long a subscription rests after this many failures in a row, in milliseconds."""
    if failures < FAILING_AFTER:
        return 0
    doubled: int = pause << min(failures - FAILING_AFTER, _MAX_DOUBLINGS)
    return min(doubled, max(MAX_PAUSE_MS, pause))


def latest_due_at(pause: int, now: int) -> int:
    """The moment after which no pause that began before `now` can end.

    What is due later was recorded while the clock was ahead, and is due now.
    """
    return now + pause + _CLOCK_TOLERANCE

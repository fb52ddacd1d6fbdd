"""The contract's JSON of events about apps: installed, authorized, uninstalled."""

import re
from dataclasses import dataclass
from typing import Final

from fatrina import wire
from fatrina.domain.oauth import ACCESS_TOKEN_LIFETIME_MS, OFFLINE_ACCESS
from fatrina.domain.types import AppId, MerchantId, Millis

INSTALLED: Final = "app.installed"
AUTHORIZED: Final = "app.store.authorize"
UNINSTALLED: Final = "app.uninstalled"
_MASK: Final = "********"
_TOKENS: Final = re.compile(rb'("(?:access|refresh)_token":)"[^"]*"')
MASKED: Final = f'"access_token":"{_MASK}"'
"""Part of a body whose tokens are masked."""


@dataclass(frozen=True, slots=True)
class AppTokens:
    """The tokens that an app receives in the event `app.store.authorize`."""

    access: str
    refresh: str
    scope: str


def app_event(  # noqa: PLR0913, PLR0917  the fields of the body
    event: str,
    merchant_id: MerchantId,
    now: Millis,
    app_id: AppId,
    name: str,
    scopes: tuple[str, ...],
    tokens: AppTokens | None = None,
) -> bytes:
    """Return the body of an event about an app; `tokens` are those of `app.store.authorize`."""
    time = wire.format_timestamp(now)
    date = "uninstallation_date" if event == UNINSTALLED else "installation_date"
    data: wire.Json = {
        "id": app_id,
        "app_name": name,
        "app_description": name,
        "app_type": "app",
        "app_scopes": [*scopes, OFFLINE_ACCESS],
        date: time,
    }
    if tokens is not None:
        data |= {
            "access_token": tokens.access,
            "expires": (now + ACCESS_TOKEN_LIFETIME_MS) // 1000,
            "refresh_token": tokens.refresh,
            "scope": tokens.scope,
            "token_type": "bearer",
        }
    return wire.event_body(event, merchant_id, now, data)


def mask_tokens(body: bytes) -> bytes:
    """Return the body of an event with its tokens masked.

    In a text of JSON these names are followed by an escaped quotation mark, so they do not match.
    """
    return _TOKENS.sub(rb'\1"%b"' % _MASK.encode(), body)

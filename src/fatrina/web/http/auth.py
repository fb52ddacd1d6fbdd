"""Bearer tokens (RFC 6750, section 2.1: only in the Authorization header)."""

import re
from typing import Final

from starlette.requests import Request

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,512}) *", re.IGNORECASE)


def bearer_token(request: Request) -> str:
    """Return the bearer token of a request, or "" if it has none or is malformed."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return match[1] if match else ""

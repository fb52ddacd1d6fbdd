"""The bearer token behind a request (RFC 6750, 2.1: in the Authorization header alone)."""

import re
from typing import Final

from starlette.requests import Request

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,512}) *", re.IGNORECASE)


def bearer_token(request: Request) -> str:
    """The token a request carries; empty when it carries none, or anything else."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return match[1] if match else ""

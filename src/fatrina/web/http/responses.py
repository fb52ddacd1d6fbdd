"""Answers: JSON in the contract's envelope, and the one place where a refusal is worded."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fatrina import wire
from fatrina.domain import errors, messages

_MEDIA_TYPE: Final = "application/json; charset=utf-8"
_HEADERS: Final[
    Mapping[type[errors.ServiceError], Callable[[errors.ServiceError], dict[str, str]]]
] = {
    errors.Unauthorized: lambda _: {"WWW-Authenticate": "Bearer"},
    errors.MethodNotAllowed: lambda refusal: {"Allow": str(refusal.params["allow"])},
    errors.RequestTimeout: lambda _: {"Connection": "close"},
    errors.RangeNotSatisfiable: lambda refusal: {
        "Content-Range": f"bytes */{refusal.params['size']}"
    },
    errors.TooManyRequests: lambda refusal: {"Retry-After": str(refusal.params["retry"])},
    errors.TooManyGuesses: lambda refusal: {"Retry-After": str(refusal.params["retry"])},
    errors.ServiceUnavailable: lambda refusal: {"Retry-After": str(refusal.params.get("retry", 5))},
    errors.StorageFull: lambda _: {"Retry-After": "5"},
}


def success(
    status: int,
    data: object,
    *,
    http_status: int | None = None,
    pagination: wire.Json | None = None,
) -> Response:
    """A success, in the envelope; `http` where the contract's status line says something else."""
    return _json(http_status or status, wire.success(status, data, pagination), {})


def error(request: Request, service_error: errors.ServiceError) -> Response:
    """A refusal, in the envelope and in the language asked for.

    `Fatrina-Reason` carries the stable reasons, for programs: the contract's codes do not tell
    one 422 from another.
    """
    language = messages.language(request.headers.get("accept-language"))
    headers = {"Content-Language": language, "Fatrina-Reason": error_reasons(service_error)}
    for branch, more in _HEADERS.items():
        if isinstance(service_error, branch):
            headers |= more(service_error)
    return _json(service_error.status, wire.failure(service_error, language), headers)


def error_reasons(error: errors.ServiceError) -> str:
    """The stable reasons of a refusal, one for each field at fault."""
    return ", ".join(dict.fromkeys(each.reason for each in error.each()))


def _json(status: int, content: wire.Json, headers: dict[str, str]) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    # Text from outside may hold half of a surrogate pair, which is no reason to fail now.
    body = text.encode("utf-8", "replace")
    # An answer shows what a token may see: no cache in between may keep it.
    headers = {"Cache-Control": "no-store", **headers}
    return Response(body, status, headers, media_type=_MEDIA_TYPE)

"""JSON responses in the contract's envelope, with localized error messages."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fatrina import wire
from fatrina.domain import errors, messages
from fatrina.domain.idempotency import MAX_BODY_LENGTH, STORED_HEADERS, StoredResponse

_MEDIA_TYPE: Final = "application/json; charset=utf-8"
_HEADERS: Final[
    Mapping[type[errors.ServiceError], Callable[[errors.ServiceError], dict[str, str]]]
] = {
    errors.Unauthorized: lambda _: {"WWW-Authenticate": "Bearer"},
    errors.MethodNotAllowed: lambda exc: {"Allow": str(exc.params["allow"])},
    errors.RequestTimeout: lambda _: {"Connection": "close"},
    errors.RangeNotSatisfiable: lambda exc: {"Content-Range": f"bytes */{exc.params['size']}"},
    errors.PreconditionFailed: lambda exc: {"ETag": str(exc.params["etag"])},
    errors.TooManyRequests: lambda exc: {"Retry-After": str(exc.params["retry"])},
    errors.TooManyGuesses: lambda exc: {"Retry-After": str(exc.params["retry"])},
    errors.ServiceUnavailable: lambda exc: {"Retry-After": str(exc.params.get("retry", 5))},
    errors.StorageFull: lambda _: {"Retry-After": "5"},
    errors.IdempotencyRunning: lambda _: {"Retry-After": "1"},
}


def success(
    status: int,
    data: object,
    *,
    http_status: int | None = None,
    pagination: wire.Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a success response.

    `status` is the status in the envelope, and the HTTP status unless `http_status` is given: some
    endpoints of the contract return two different values.
    """
    return _json(http_status or status, wire.success(status, data, pagination), {**(headers or {})})


def error(request: Request, service_error: errors.ServiceError) -> Response:
    """Return an error response in the language that the request accepts.

    The `Fatrina-Reason` header has stable reasons for programs, because the codes of the contract
    are the same for every 422.
    """
    language = messages.negotiate_language(request.headers.get("accept-language"))
    headers = {"Content-Language": language, "Fatrina-Reason": error_reasons(service_error)}
    for error_class, build_headers in _HEADERS.items():
        if isinstance(service_error, error_class):
            headers |= build_headers(service_error)
    return _json(service_error.status, wire.failure(service_error, language), headers)


def to_stored(response: Response) -> StoredResponse:
    """Return a response as it is stored for repetitions of its request."""
    headers = tuple(pair for pair in response.headers.items() if pair[0] in STORED_HEADERS)
    body = bytes(response.body).decode()
    return StoredResponse(
        response.status_code, headers, body if len(body) <= MAX_BODY_LENGTH else None
    )


def from_stored(stored: StoredResponse, headers: Mapping[str, str]) -> Response:
    """Return a stored response with additional headers."""
    all_headers = {"Cache-Control": "no-store", **dict(stored.headers), **headers}
    return Response(stored.body, stored.status, all_headers)


def error_reasons(error: errors.ServiceError) -> str:
    """Return the stable reasons of an error, comma-separated, without duplicates."""
    return ", ".join(dict.fromkeys(each.reason for each in error.flatten()))


def _json(status: int, content: wire.Json, headers: dict[str, str]) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    # Text of a client may contain an unpaired surrogate, which UTF-8 cannot encode.
    body = text.encode("utf-8", "replace")
    # Responses depend on the token: a shared cache must not store them.
    headers = {"Cache-Control": "no-store", **headers}
    return Response(body, status, headers, media_type=_MEDIA_TYPE)

"""Parameters of an OAuth request, from the query or a small body; none may be repeated."""

from typing import Final, TypeVar
from urllib.parse import parse_qsl

from multipart import parse_options_header
from starlette.requests import Request

from fatrina.domain import errors, json_text, text
from fatrina.domain.oauth import OAuthError
from fatrina.web.http import body
from fatrina.web.http.body import BodyTimeouts

_MAX_BODY_BYTES: Final = 16_384
_MAX_PARAMS: Final = 32

Params = dict[str, str]
T = TypeVar("T")


def from_query(request: Request) -> Params:
    """Return the parameters of the query.

    Raises:
        OAuthError: A parameter is repeated (RFC 6749, section 3.1).
    """
    return _check_unique(request.query_params.multi_items())


async def from_body(request: Request, timeouts: BodyTimeouts) -> Params:
    """Return the parameters of the body: urlencoded, or JSON as sent by some clients.

    Raises:
        OAuthError: The body is malformed, or a parameter is repeated (RFC 6749, section 3.2).
        errors.BadRequest, errors.PayloadTooLarge, errors.RequestTimeout: See `body.chunks`.
    """
    data = await body.read_body(request, _MAX_BODY_BYTES, timeouts)
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    try:
        if kind == "application/json":
            values = json_text.parse(data, _check_unique)
            return {name: _to_text(value) for name, value in values.items()}
        pairs = parse_qsl(
            data.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMS
        )
    except (ValueError, AttributeError):
        message = "The body is malformed. Send application/x-www-form-urlencoded."
        raise OAuthError("invalid_request", message) from None
    return _check_unique(pairs)


def _to_text(value: object) -> str:
    if not isinstance(value, str | int):
        raise ValueError  # noqa: TRY004  the value comes from the body
    as_text = str(value)
    as_text.encode()  # raises for an unpaired surrogate, which JSON can contain
    return as_text


def is_plain(value: str) -> bool:
    """Return whether `value` is valid text; leading and trailing whitespace is ignored."""
    try:
        text.validate("", value.strip(" \t\r\n"), len(value))
    except errors.FieldError:
        return False
    return True


def _check_unique(pairs: list[tuple[str, T]]) -> dict[str, T]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise OAuthError("invalid_request", "A parameter is repeated.")
    if any(isinstance(value, str) and not is_plain(value) for value in values.values()):
        raise OAuthError("invalid_request", "A parameter contains a control character.")
    # RFC 6749, section 3.1: a parameter without a value is treated as omitted.
    return {name: value for name, value in values.items() if value}

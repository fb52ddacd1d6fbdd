"""The parameters of an OAuth request: each once, from the query or a small body."""

from typing import TypeVar
from urllib.parse import parse_qsl

from multipart import parse_options_header
from starlette.requests import Request

from fatrina.domain import errors, json_text, text
from fatrina.domain.oauth import OAuthError
from fatrina.web.http import body
from fatrina.web.http.body import BodyTimeouts

_SMALL = 16_384
"""Most bytes of a body."""
_MOST = 32

Params = dict[str, str]
T = TypeVar("T")


def from_query(request: Request) -> Params:
    """The query's parameters.

    Raises:
        RefusedError: one of them comes twice (RFC 6749, 3.1).
    """
    return _once(request.query_params.multi_items())


async def from_body(request: Request, pace: BodyTimeouts) -> Params:
    """The body's parameters, urlencoded or, as some clients send them, as JSON.

    Raises:
        RefusedError: it cannot be read, or a parameter comes twice (RFC 6749, 3.2).
        errors.BadRequest, errors.PayloadTooLarge, errors.RequestTimeout: the body as such.
    """
    data = await body.read_body(request, _SMALL, pace)
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    try:
        if kind == "application/json":
            given = json_text.parse(data, _once)
            return {name: _text(value) for name, value in given.items()}
        pairs = parse_qsl(
            data.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST
        )
    except (ValueError, AttributeError):
        message = "The body cannot be read: send application/x-www-form-urlencoded."
        raise OAuthError("invalid_request", message) from None
    return _once(pairs)


def _text(value: object) -> str:
    if not isinstance(value, str | int):
        raise ValueError  # noqa: TRY004  a value of the body's
    spelled = str(value)
    spelled.encode()  # JSON can spell what is no text: half of a surrogate pair
    return spelled


def is_plain(value: str) -> bool:
    """Whether it is text that may be kept; blanks at the ends are left to what reads it."""
    try:
        text.validate("", value.strip(" \t\r\n"), len(value))
    except errors.FieldError:
        return False
    return True


def _once(pairs: list[tuple[str, T]]) -> dict[str, T]:
    given = dict(pairs)
    if len(given) != len(pairs):
        raise OAuthError("invalid_request", "A parameter comes more than once.")
    if any(isinstance(value, str) and not is_plain(value) for value in given.values()):
        raise OAuthError("invalid_request", "A parameter holds a control character.")
    # RFC 6749, 3.1: one without a value counts as left out.
    return {name: value for name, value in given.items() if value}

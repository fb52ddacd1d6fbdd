"""Errors of authentication and authorization."""

from fatrina.domain.errors.base import ServiceError


class Unauthorized(ServiceError):
    """The caller is not authenticated, or not authorized."""

    status = 401
    code = "Unauthorized"


class InvalidToken(Unauthorized):
    """The token is missing, unknown, expired or revoked."""

    reason = "invalid_token"


class InsufficientScope(Unauthorized):
    """The token lacks the scope `scope`."""

    reason = "insufficient_scope"


class SignInFailed(ServiceError):
    """The merchant's code or its owner key is wrong."""

    status = 403
    code = "error"
    reason = "sign_in_failed"


class SignInLinkInvalid(ServiceError):
    """The sign-in link is unknown, expired or used."""

    status = 403
    code = "error"
    reason = "sign_in_link_invalid"


class Forbidden(ServiceError):
    """The app may not access the store; raised by fault injection only."""

    status = 403
    code = "error"
    reason = "forbidden"

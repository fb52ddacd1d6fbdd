"""Authentication of admin endpoints by the admin token."""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fatrina.domain import errors
from fatrina.web.http import auth
from fatrina.web.http.failure_delay import FailureDelay


class AdminRoute(NamedTuple):
    """An admin endpoint: method, path, summary and handler."""

    method: str
    path: str
    summary: str
    handler: Callable[[Request], Awaitable[Response]]

    def describe(self, prefix: str) -> dict[str, str]:
        """Return the entry of the route in the index."""
        return {"method": self.method, "path": prefix + self.path, "summary": self.summary}


class AdminEndpoint:
    """An admin endpoint as an ASGI application that requires the admin token."""

    def __init__(self, route: AdminRoute, admin_token: str, failures: FailureDelay) -> None:
        self.__name__ = route.handler.__name__
        self._handler = route.handler
        self._token = admin_token.encode()
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request.

        Raises:
            errors.InvalidToken: the bearer token is not the admin token.
            errors.TooManyGuesses: too many requests had a wrong token.
        """
        request = Request(scope, receive)
        token = auth.bearer_token(request).encode()
        if not compare_digest(token, self._token):
            if token:
                await self._failures.delay()
            raise errors.InvalidToken
        response = await self._handler(request)
        await response(scope, receive, send)

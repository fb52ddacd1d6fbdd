"""Exception middleware: turn every exception of an endpoint into an error response."""

import errno
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

from fatrina.domain import errors
from fatrina.web.http import context
from fatrina.web.http.responses import error
from fatrina.web.http.telemetry import Metrics

_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_OUT_OF_RESOURCES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_RETRY_SECONDS: Final = 2
_MAX_CAUSE_LENGTH: Final = 500
Fallback = Callable[[Request, str], Awaitable[Response]]
"""Answers a request that no route accepts; gets the methods that routes at its path accept."""
log = structlog.get_logger("fatrina")


class ExceptionMiddleware:
    """Route requests and return error responses for exceptions.

    Starlette's application does this in four layers, which cost 4 KB for each running upload.
    """

    def __init__(self, routes: list[BaseRoute], metrics: Metrics, fallback: Fallback) -> None:
        """Dispatch to `routes`, or else to `fallback`; count errors in `metrics`."""
        self._routes = routes
        self._router = Router(routes, redirect_slashes=False)
        self._metrics = metrics
        self._fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        scope["app"] = self  # if `app` is set, the router raises its 404 and 405
        request_context = context.get(scope)
        try:
            try:
                await self._router(scope, receive, send)
            except HTTPException:
                request = Request(scope, receive)
                response = await self._fallback(request, self._allowed_methods(request))
                await response(scope, receive, send)
        except Exception as exc:
            if request_context.status is not None:
                raise  # the response has started: only closing is possible
            request = Request(scope)
            service_error = self._service_error(request, exc)
            self._metrics.count_error(service_error)
            request_context.error = service_error
            request_context.log_fields |= _error_log_fields(service_error)
            await error(request, service_error)(scope, receive, send)

    def _service_error(self, request: Request, exc: Exception) -> errors.ServiceError:
        if isinstance(exc, errors.ServiceError):
            return exc
        log.error("internal_error", id=context.get(request.scope).request_id, exc_info=exc)
        return _os_error(exc) if isinstance(exc, OSError) else errors.InternalError()

    def _allowed_methods(self, request: Request) -> str:
        """Return the methods of all routes at this path, for a request with another method."""
        routes = (each for each in self._routes if each.matches(request.scope)[0] is Match.PARTIAL)
        return ", ".join(
            sorted(method for each in routes for method in getattr(each, "methods", ()))
        )


def _os_error(exc: OSError) -> errors.ServiceError:
    if exc.errno in _DISK_FULL:
        return errors.StorageFull()
    return (
        errors.Busy(retry=_RETRY_SECONDS)
        if exc.errno in _OUT_OF_RESOURCES
        else errors.StorageUnavailable()
    )


def _error_log_fields(error: errors.ServiceError) -> dict[str, object]:
    fields: dict[str, object] = {"refused": [each.reason for each in error.flatten()]}
    cause = error.__cause__
    return fields | ({"cause": repr(cause)[:_MAX_CAUSE_LENGTH]} if cause is not None else {})

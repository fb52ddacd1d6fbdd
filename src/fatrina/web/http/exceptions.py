"""The one error handler: whatever goes wrong below becomes a refusal, and is answered as one."""

import errno
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
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
log = structlog.get_logger("fatrina")


class ExceptionMiddleware:
    """Routes requests, and answers what their endpoints raise.

    Starlette's own application does the same in four layers, which cost every upload under way
    4 KB.
    """

    def __init__(self, routes: list[BaseRoute], metrics: Metrics) -> None:
        """Answer by these routes."""
        self._routes = routes
        self._router = Router(routes, redirect_slashes=False)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["app"] = self  # with an application in sight, the router raises its own 404 and 405
        request_context = context.get(scope)
        try:
            await self._router(scope, receive, send)
        except Exception as exc:
            if request_context.status is not None:
                raise  # an answer has begun: all that is left is to close
            request = Request(scope)
            refusal = self._service_error(request, exc)
            self._metrics.count_error(refusal)
            request_context.error = refusal
            request_context.log_fields |= _error_log_fields(refusal)
            await error(request, refusal)(scope, receive, send)

    def _service_error(self, request: Request, exc: Exception) -> errors.ServiceError:
        if isinstance(exc, errors.ServiceError):
            return exc
        if isinstance(exc, HTTPException):
            allow = self._allowed_methods(request)
            return errors.MethodNotAllowed(allow=allow) if allow else errors.NotFound()
        log.error("fault", id=context.get(request.scope).request_id, exc_info=exc)
        return _os_error(exc) if isinstance(exc, OSError) else errors.InternalError()

    def _allowed_methods(self, request: Request) -> str:
        """The methods of every route at this path, for a request that has none of them."""
        here = (each for each in self._routes if each.matches(request.scope)[0] is Match.PARTIAL)
        return ", ".join(sorted(method for each in here for method in getattr(each, "methods", ())))


def _os_error(exc: OSError) -> errors.ServiceError:
    if exc.errno in _DISK_FULL:
        return errors.StorageFull()
    return (
        errors.Busy(retry=_RETRY_SECONDS)
        if exc.errno in _OUT_OF_RESOURCES
        else errors.StorageUnavailable()
    )


def _error_log_fields(error: errors.ServiceError) -> dict[str, object]:
    noted: dict[str, object] = {"refused": [each.reason for each in error.each()]}
    cause = error.__cause__
    return noted | ({"cause": repr(cause)[:_MAX_CAUSE_LENGTH]} if cause is not None else {})

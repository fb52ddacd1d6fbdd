"""The one error handler: whatever goes wrong below becomes a refusal, and is answered as one."""

import errno
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

from fatrina.domain import errors
from fatrina.web.answers import refused
from fatrina.web.observe import Metrics

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_CROWDED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_RETRY: Final = 2
_LONGEST_CAUSE: Final = 500
log = structlog.get_logger("fatrina")


class Faults:
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
        try:
            await self._router(scope, receive, send)
        except Exception as fault:
            if "status" in scope["state"]:
                raise  # an answer has begun: all that is left is to close
            request = Request(scope)
            refusal = self._refusal(request, fault)
            self._metrics.refused(refusal)
            scope["state"]["refusal"] = refusal
            noted = scope["state"].get("noted", {})
            scope["state"]["noted"] = noted | _noted(refusal)
            await refused(request, refusal)(scope, receive, send)

    def _refusal(self, request: Request, fault: Exception) -> errors.Refusal:
        if isinstance(fault, errors.Refusal):
            return fault
        if isinstance(fault, HTTPException):
            allow = self._allowed(request)
            return errors.MethodNotAllowed(allow=allow) if allow else errors.Missing()
        log.error("fault", id=request.state.request_id, exc_info=fault)
        return _of_disk(fault) if isinstance(fault, OSError) else errors.Internal()

    def _allowed(self, request: Request) -> str:
        """The methods of every route at this path, for a request that has none of them."""
        here = (each for each in self._routes if each.matches(request.scope)[0] is Match.PARTIAL)
        return ", ".join(sorted(method for each in here for method in getattr(each, "methods", ())))


def _of_disk(fault: OSError) -> errors.Refusal:
    if fault.errno in _FULL:
        return errors.StorageFull()
    return errors.Busy(retry=_RETRY) if fault.errno in _CROWDED else errors.StorageDown()


def _noted(refusal: errors.Refusal) -> dict[str, object]:
    noted: dict[str, object] = {"refused": [each.reason for each in refusal.each()]}
    cause = refusal.__cause__
    return noted | ({"cause": repr(cause)[:_LONGEST_CAUSE]} if cause is not None else {})

"""Requests that no endpoint accepts: a canned response, or the error `not_emulated`."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fatrina.domain import errors
from fatrina.web.api.base import BaseEndpoints, no_lookup
from fatrina.web.http import context

PREFIX: Final = "/admin/v2"
# Anything else, such as an empty segment, is a malformed path rather than an unknown endpoint.
_PLAUSIBLE_PATH: Final = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
_MAX_PATH_LENGTH: Final = 200


class NotEmulated(BaseEndpoints):
    """The answer to every request below `PREFIX` that Fatrina does not implement."""

    async def not_emulated(self, request: Request, allow: str) -> Response:
        """Return a canned response; `allow` has the methods that endpoints at this path accept.

        Raises:
            errors.MethodNotAllowed, errors.NotFound: the path is one of Fatrina's, or malformed.
            errors.Unauthorized: the token is invalid.
            errors.NotEmulated: no stub has this method and path.
        """
        method, path = request.method, request.scope["path"]
        is_below = path.startswith(PREFIX)
        path = path.removeprefix(PREFIX)
        find_stub = self.options.find_stub
        stub = find_stub(method, path) if is_below and find_stub is not None else None
        if stub is None and allow:
            raise errors.MethodNotAllowed(allow=allow)
        if not is_below or not _PLAUSIBLE_PATH.fullmatch(path):
            raise errors.NotFound
        request.scope["endpoint"] = self.not_emulated  # its name in the metrics
        await self.authorize(request, None, no_lookup)
        if stub is None:
            raise errors.NotEmulated(method=method, path=(PREFIX + path)[:_MAX_PATH_LENGTH])
        context.get(request.scope).log_fields |= {"stub": True}
        return stub

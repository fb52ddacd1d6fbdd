"""Admin endpoints below `/_fatrina`, protected by the admin token."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fatrina.web.admin import apps, backup, deliveries
from fatrina.web.admin.gate import AdminEndpoint, AdminRoute
from fatrina.web.http.failure_delay import FailureDelay
from fatrina.web.http.responses import success

__all__ = ["PREFIX", "AdminRoute", "apps", "backup", "deliveries", "protect"]

PREFIX: Final = "/_fatrina"


def protect(admin_routes: Sequence[AdminRoute], admin_token: str) -> list[Route]:
    """Return the routes, each behind the admin token, and an index of them at `/_fatrina/`.

    Without an admin token there are no routes, so their paths return 404.
    """
    if not admin_token:
        return []

    async def index(_: Request) -> Response:
        return success(200, [route.describe(PREFIX) for route in protected])

    failures = FailureDelay("the admin token")
    protected = [AdminRoute("GET", "/", "List the admin endpoints.", index), *admin_routes]
    return [
        Route(
            PREFIX + route.path,
            AdminEndpoint(route, admin_token, failures),
            methods=[route.method],
        )
        for route in protected
    ]

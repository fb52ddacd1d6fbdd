"""The endpoint of the group Store."""

from starlette.requests import Request
from starlette.responses import Response

from fatrina import wire
from fatrina.actions import access
from fatrina.domain.access import READ
from fatrina.web.api.base import BaseEndpoints
from fatrina.web.http.responses import success


class Store(BaseEndpoints):
    """The endpoint of the group Store."""

    async def store_info(self, request: Request) -> Response:
        """Return the merchant's store."""
        _, identity = await self.authorize(request, READ, access.identify)
        return success(200, wire.store_info(identity.merchant))

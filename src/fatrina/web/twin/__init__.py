"""The twin's controls below `/_fatrina`, for whoever carries the admin token."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fatrina.actions import Parts
from fatrina.web.answers import done
from fatrina.web.twin import deliveries
from fatrina.web.twin.gate import Control, Guarded

PREFIX: Final = "/_fatrina"


def routes(parts: Parts, admin_token: str) -> list[Route]:
    """The routes of every control; none without an admin token, as if there were no such paths."""
    if not admin_token:
        return []
    controls = deliveries.controls(parts)

    async def index(_: Request) -> Response:
        return done(200, [control.described(PREFIX) for control in controls])

    controls.append(Control("GET", "/", "What there is to control.", index))
    return [
        Route(PREFIX + each.path, Guarded(each, admin_token), methods=[each.method])
        for each in controls
    ]

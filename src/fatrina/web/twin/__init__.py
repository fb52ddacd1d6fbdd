"""The twin's controls below `/_fatrina`, for whoever carries the admin token."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fatrina.actions import Parts
from fatrina.actions.limits import Counter
from fatrina.domain.dial import Dial
from fatrina.web.answers import done
from fatrina.web.forms import Reader
from fatrina.web.guesses import Guesses
from fatrina.web.observe import Note
from fatrina.web.twin import deliveries, dumps, faults, journal, shops
from fatrina.web.twin.dialled import Dialled
from fatrina.web.twin.gate import Control, Guarded
from fatrina.web.twin.journal import Journal

PREFIX: Final = "/_fatrina"


class Twin:
    """The controls, and what they keep; nothing of it without an admin token."""

    def __init__(self, parts: Parts, reader: Reader, counter: Counter, admin_token: str) -> None:
        self._dial, self._journal = Dial(), Journal()
        self._admin_token = admin_token
        self._controls = [
            *faults.controls(self._dial, reader),
            *journal.controls(self._journal),
            *deliveries.controls(parts),
            *shops.controls(parts, counter, reader.pace),
            *dumps.controls(parts, counter, reader.pace),
        ]

    @property
    def note(self) -> Note | None:
        """Whoever keeps the journal."""
        return self._journal.note if self._admin_token else None

    def over(self, app: ASGIApp) -> ASGIApp:
        """The application, with the dial's faults upon it."""
        return Dialled(app, self._dial) if self._admin_token else app

    def routes(self) -> list[Route]:
        """The routes of every control; none without a token, as if there were no such paths."""
        if not self._admin_token:
            return []

        async def index(_: Request) -> Response:
            return done(200, [control.described(PREFIX) for control in controls])

        guesses = Guesses("the admin token")
        controls = [Control("GET", "/", "What there is to control.", index), *self._controls]
        return [
            Route(
                PREFIX + each.path,
                Guarded(each, self._admin_token, guesses),
                methods=[each.method],
            )
            for each in controls
        ]

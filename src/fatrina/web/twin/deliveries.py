"""Controls of deliveries: what became of events, and once more."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Parts, subscriptions
from fatrina.domain import errors
from fatrina.web.answers import done
from fatrina.web.api.desk import identifier
from fatrina.web.commands import LONGEST_NAME
from fatrina.web.fields import Fields
from fatrina.web.forms import Form
from fatrina.web.twin.gate import Control

_LARGEST_ID = 2**63 - 1
"""Deliveries are counted in 64 bits: there may be many."""


def controls(parts: Parts) -> list[Control]:
    """The controls of deliveries."""

    async def deliveries(request: Request) -> Response:
        fields = Fields(Form(dict(request.query_params)))
        merchant = fields.text("merchant", LONGEST_NAME) or ""
        fields.must_be_sound()
        failed = request.query_params.get("failed") == "1"

        def look() -> list[dict[str, object]]:
            rows = subscriptions.deliveries(parts.database, merchant=merchant, failed=failed)
            return [row._asdict() for row in rows]

        return done(200, await run_sync(look))

    async def redeliver(request: Request) -> Response:
        delivery = identifier(request, "delivery", _LARGEST_ID)
        if not await run_sync(subscriptions.redeliver, parts.database, delivery, parts.clock()):
            raise errors.Missing
        return done(202, {"id": delivery})

    return [
        Control(
            "GET",
            "/deliveries",
            "The newest deliveries; ?merchant=CODE and ?failed=1 choose.",
            deliveries,
        ),
        Control("POST", "/deliveries/{delivery}/redeliver", "Deliver once more.", redeliver),
    ]

"""Admin endpoints that list webhook deliveries and repeat them."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, admin
from fatrina.actions.webhooks.subscriptions import DeliveryRow
from fatrina.domain.integers import MAX_INT64
from fatrina.domain.types import DeliveryId
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.api.base import path_id
from fatrina.web.http.responses import success
from fatrina.web.parsing.commands import MAX_NAME_LENGTH
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form


def routes(services: Services) -> list[AdminRoute]:
    """Return the delivery endpoints."""

    async def deliveries(request: Request) -> Response:
        fields = Fields(Form(dict(request.query_params)))
        merchant_code = fields.text("merchant", MAX_NAME_LENGTH) or ""
        fields.raise_errors()
        failed = request.query_params.get("failed") == "1"

        def list_deliveries() -> list[dict[str, object]]:
            rows = admin.list_deliveries(services, merchant_code=merchant_code, failed=failed)
            return [_to_json(row) for row in rows]

        return success(200, await run_sync(list_deliveries))

    async def redeliver(request: Request) -> Response:
        delivery_id = DeliveryId(path_id(request, "delivery", MAX_INT64))
        await run_sync(admin.redeliver, services, delivery_id)
        return success(202, {"id": delivery_id})

    return [
        AdminRoute(
            "GET",
            "/deliveries",
            "List the newest deliveries; filter with ?merchant=CODE and ?failed=1.",
            deliveries,
        ),
        AdminRoute("POST", "/deliveries/{delivery}/redeliver", "Send a delivery again.", redeliver),
    ]


def _to_json(row: DeliveryRow) -> dict[str, object]:
    return {
        "id": row.id,
        "merchant": row.merchant_code,
        "event": row.event,
        "url": row.url,
        "product": row.product_id,
        "created_at": row.created_at,
        "tries": row.attempts,
        "due_at": row.due_at,
        "status": row.status,
        "problem": row.error,
        "dropped": row.dropped,
        "paused_until": row.paused_until,
    }

"""Admin endpoints that install and uninstall an app for a merchant."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services, admin
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http.responses import success
from fatrina.web.parsing.commands import MAX_NAME_LENGTH
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form


def routes(services: Services) -> list[AdminRoute]:
    """Return the endpoints of installations."""

    async def install(request: Request) -> Response:
        client_id, merchant_code = request.path_params["client_id"], _merchant_code(request)
        await run_sync(admin.install_app, services, client_id, merchant_code)
        return success(201, {"client_id": client_id, "merchant": merchant_code})

    async def uninstall(request: Request) -> Response:
        client_id, merchant_code = request.path_params["client_id"], _merchant_code(request)
        await run_sync(admin.uninstall_app, services, client_id, merchant_code)
        return success(202, {"client_id": client_id, "merchant": merchant_code})

    return [
        AdminRoute(
            "POST",
            "/apps/{client_id}/install",
            "Install an app for ?merchant=CODE: it receives its tokens by its webhook.",
            install,
        ),
        AdminRoute(
            "POST",
            "/apps/{client_id}/uninstall",
            "Uninstall an app for ?merchant=CODE: its tokens are revoked.",
            uninstall,
        ),
    ]


def _merchant_code(request: Request) -> str:
    fields = Fields(Form(dict(request.query_params)))
    merchant_code = fields.text("merchant", MAX_NAME_LENGTH)
    if not merchant_code:
        fields.require("merchant")
    fields.raise_errors()
    return merchant_code or ""

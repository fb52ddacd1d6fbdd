"""Admin endpoint that resets the service, or one merchant in it."""

from functools import partial
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services
from fatrina.actions.rate_limits import RateLimiter
from fatrina.domain import errors
from fatrina.emulator.fault_injection import FaultInjector
from fatrina.emulator.journal import Journal
from fatrina.emulator.resetting import reset
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http.responses import success
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form

_MAX_LENGTH: Final = 100
_KEEP: Final = ("merchants", "shops")
"""Values of `keep`; the second is the name in earlier versions."""
_CLEAR: Final = ("faults", "journal")


def routes(
    services: Services, rate_limiter: RateLimiter, injector: FaultInjector, journal: Journal
) -> list[AdminRoute]:
    """Return the admin route that resets the service."""

    async def reset_service(request: Request) -> Response:
        fields = Fields(Form(dict(request.query_params)))
        fields.reject_unknown("keep", "merchant", "clear")
        keep = fields.choice("keep", _KEEP)
        merchant = fields.text("merchant", _MAX_LENGTH) or ""
        clear = _read_clear(fields)
        fields.raise_errors()
        adapters = services.database, services.storage, services.housekeeping
        count = await run_sync(
            partial(reset, *adapters, keep_merchants=keep is not None, merchant_code=merchant)
        )
        if not merchant:
            rate_limiter.reset()
        if "faults" in clear:
            injector.clear_merchant(merchant) if merchant else injector.clear()
        if "journal" in clear:
            journal.clear(merchant)
        return success(202, {"pictures": count})

    return [
        AdminRoute(
            "POST",
            "/reset",
            "Delete everything; ?merchant=CODE: of one merchant only; ?keep=merchants: except "
            "merchants and access; ?clear=faults,journal: these too.",
            reset_service,
        )
    ]


def _read_clear(fields: Fields) -> list[str]:
    names = [each.strip() for each in (fields.text("clear", _MAX_LENGTH) or "").split(",")]
    names = [each for each in names if each]
    if not set(names) <= {*_CLEAR}:
        fields.errors.append(errors.InvalidChoice("clear", known=", ".join(_CLEAR)))
    return names

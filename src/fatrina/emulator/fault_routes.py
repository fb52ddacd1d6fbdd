"""Admin endpoints of fault injection: add, list and remove rules."""

from contextlib import ExitStack
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fatrina.domain import errors
from fatrina.emulator import fault_injection
from fatrina.emulator.fault_injection import KINDS, MAX_DELAY, Fault, FaultInjector
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.api.base import path_id
from fatrina.web.http.responses import success
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form, FormReader

_MAX_LENGTH: Final = 500
_NAMES: Final = ("what", "method", "path", "merchant", "times", "share", "seconds", "seed")
_MAX_COUNT: Final = 1_000_000


def routes(injector: FaultInjector, reader: FormReader) -> list[AdminRoute]:
    """Return the admin routes of fault injection."""

    async def add_fault(request: Request) -> Response:
        with ExitStack() as stack:
            reader.check_length(request)
            fault = _add_fault(injector, await reader.read(request, stack))
        return success(201, _to_json(fault))

    async def list_faults(_: Request) -> Response:
        return success(200, [_to_json(fault) for fault in injector.faults.values()])

    async def clear_faults(_: Request) -> Response:
        injector.clear()
        return success(202, [])

    async def clear_fault(request: Request) -> Response:
        if not injector.clear(path_id(request, "fault")):
            raise errors.NotFound
        return success(202, [])

    kinds = ", ".join(KINDS)
    return [
        AdminRoute("POST", "/faults", f"Inject a fault: {kinds}.", add_fault),
        AdminRoute("GET", "/faults", "List the injected faults and their hits.", list_faults),
        AdminRoute("DELETE", "/faults", "Remove all injected faults.", clear_faults),
        AdminRoute("DELETE", "/faults/{fault}", "Remove an injected fault.", clear_fault),
    ]


def _add_fault(injector: FaultInjector, form: Form) -> Fault:
    fields = Fields(form)
    fields.reject_unknown(*_NAMES)
    kind = fields.text_or_integer("what", _MAX_LENGTH)
    if kind is not None and kind not in KINDS:
        fields.errors.append(errors.InvalidChoice("what", known=", ".join(KINDS)))
    elif kind is None:
        fields.require("what")
    method, path = fields.text("method", _MAX_LENGTH), fields.text("path", _MAX_LENGTH)
    merchant = fields.text("merchant", _MAX_LENGTH)
    times = fields.integer("times", 1, _MAX_COUNT)
    share = fields.number("share", 0, 1)
    seconds = fields.number("seconds", 0, MAX_DELAY)
    seed = fields.integer("seed", 0, _MAX_COUNT)
    if len(injector.faults) >= fault_injection.MAX_FAULTS:
        fields.errors.append(errors.OutOfRange("what", low=0, high=fault_injection.MAX_FAULTS))
    fields.raise_errors()
    return injector.add(
        kind or "",
        method=(method or "*").upper(),
        path=path or "*",
        merchant=merchant or "",
        remaining=1 if times is None and share is None else times,
        probability=1.0 if share is None else share,
        seconds=seconds or 0.0,
        seed=seed or 0,
    )


def _to_json(fault: Fault) -> dict[str, object]:
    return {
        "id": fault.id,
        "what": fault.kind,
        "method": fault.method,
        "path": fault.path,
        "merchant": fault.merchant or None,
        "times": fault.remaining,
        "share": fault.probability,
        "seconds": fault.seconds,
        "seed": fault.seed,
        "struck": fault.hits,
    }

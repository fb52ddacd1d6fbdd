"""Controls of the dial: order faults, see what they did, take them back."""

from contextlib import ExitStack

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

_LONGEST = 500
_MOST_TIMES = 1_000_000


def routes(faults: FaultInjector, reader: FormReader) -> list[AdminRoute]:
    """The controls of the dial."""

    async def order_fault(request: Request) -> Response:
        with ExitStack() as arrival:
            reader.check_length(request)
            ordered = _add_fault(faults, await reader.read(request, arrival))
        return success(201, _to_json(ordered))

    async def list_faults(_: Request) -> Response:
        return success(200, [_to_json(fault) for fault in faults.faults.values()])

    async def clear_faults(_: Request) -> Response:
        faults.clear()
        return success(202, [])

    async def clear_fault(request: Request) -> Response:
        if not faults.clear(path_id(request, "fault")):
            raise errors.NotFound
        return success(202, [])

    what = ", ".join(KINDS)
    return [
        AdminRoute("POST", "/faults", f"Order a fault: {what}.", order_fault),
        AdminRoute("GET", "/faults", "The faults ordered, and how often they struck.", list_faults),
        AdminRoute("DELETE", "/faults", "Take all faults back.", clear_faults),
        AdminRoute("DELETE", "/faults/{fault}", "Take a fault back.", clear_fault),
    ]


def _add_fault(faults: FaultInjector, form: Form) -> Fault:
    fields = Fields(form)
    what = fields.text_or_integer("what", _LONGEST)
    if what is not None and what not in KINDS:
        fields.errors.append(errors.InvalidChoice("what", known=", ".join(KINDS)))
    elif what is None:
        fields.require("what")
    method, path = fields.text("method", _LONGEST), fields.text("path", _LONGEST)
    times = fields.integer("times", 1, _MOST_TIMES)
    share = fields.number("share", 0, 1)
    seconds = fields.number("seconds", 0, MAX_DELAY)
    seed = fields.integer("seed", 0, _MOST_TIMES)
    if len(faults.faults) >= fault_injection.MAX_FAULTS:
        fields.errors.append(errors.OutOfRange("what", low=0, high=fault_injection.MAX_FAULTS))
    fields.raise_errors()
    return faults.add(
        what or "",
        method=(method or "*").upper(),
        path=path or "*",
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
        "times": fault.remaining,
        "share": fault.probability,
        "seconds": fault.seconds,
        "seed": fault.seed,
        "struck": fault.hits,
    }

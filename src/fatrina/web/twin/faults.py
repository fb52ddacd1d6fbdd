"""Controls of the dial: order faults, see what they did, take them back."""

from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response

from fatrina.domain import dial, errors
from fatrina.domain.dial import KINDS, LONGEST_WAIT, Dial, Fault
from fatrina.web.answers import done
from fatrina.web.api.desk import identifier
from fatrina.web.fields import Fields
from fatrina.web.forms import Form, Reader
from fatrina.web.twin.gate import Control

_LONGEST = 500
_MOST_TIMES = 1_000_000


def controls(faults: Dial, reader: Reader) -> list[Control]:
    """The controls of the dial."""

    async def order_fault(request: Request) -> Response:
        with ExitStack() as arrival:
            reader.must_fit(request)
            ordered = _ordered(faults, await reader.read(request, arrival))
        return done(201, _shown(ordered))

    async def list_faults(_: Request) -> Response:
        return done(200, [_shown(fault) for fault in faults.faults.values()])

    async def clear_faults(_: Request) -> Response:
        faults.clear()
        return done(202, [])

    async def clear_fault(request: Request) -> Response:
        if not faults.clear(identifier(request, "fault")):
            raise errors.Missing
        return done(202, [])

    what = ", ".join(KINDS)
    return [
        Control("POST", "/faults", f"Order a fault: {what}.", order_fault),
        Control("GET", "/faults", "The faults ordered, and how often they struck.", list_faults),
        Control("DELETE", "/faults", "Take all faults back.", clear_faults),
        Control("DELETE", "/faults/{fault}", "Take a fault back.", clear_fault),
    ]


def _ordered(faults: Dial, form: Form) -> Fault:
    fields = Fields(form)
    what = fields.code("what", _LONGEST)
    if what is not None and what not in KINDS:
        fields.problems.append(errors.NotOneOf("what", known=", ".join(KINDS)))
    elif what is None:
        fields.require("what")
    method, path = fields.text("method", _LONGEST), fields.text("path", _LONGEST)
    times = fields.count("times", 1, _MOST_TIMES)
    share = fields.number("share", 0, 1)
    seconds = fields.number("seconds", 0, LONGEST_WAIT)
    seed = fields.count("seed", 0, _MOST_TIMES)
    if len(faults.faults) >= dial.MOST:
        fields.problems.append(errors.NumberOutside("what", low=0, high=dial.MOST))
    fields.must_be_sound()
    return faults.order(
        what or "",
        method=(method or "*").upper(),
        path=path or "*",
        times=1 if times is None and share is None else times,
        share=1.0 if share is None else share,
        seconds=seconds or 0.0,
        seed=seed or 0,
    )


def _shown(fault: Fault) -> dict[str, object]:
    names = ("id", "what", "method", "path", "times", "share", "seconds", "seed", "struck")
    return {name: getattr(fault, name) for name in names}

"""Recording of responses: the fingerprint of a request with a key, and its recorder."""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions.clock import Clock
from fatrina.actions.idempotency import ResponseRecorder
from fatrina.domain import errors, idempotency
from fatrina.domain.idempotency import StoredResponse
from fatrina.web.http.context import RequestContext
from fatrina.web.http.responses import to_stored
from fatrina.web.parsing.forms import Form

T = TypeVar("T")


def fingerprint(request: Request, form: Form) -> str:
    """Return a hash of everything that makes a repetition of the request equal to it."""
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    photo = form.photo.sha256 if form.photo else None
    return idempotency.fingerprint(request.method, f"{path}?{query}", form.fields, photo)


def recorder(
    context: RequestContext, clock: Clock, render: Callable[[T], Response]
) -> ResponseRecorder:
    """Return the recorder of a request with a key whose body was read."""
    keyed = context.keyed_request
    if keyed is None:
        raise errors.InternalError

    def render_stored(result: T) -> StoredResponse:
        return to_stored(render(result))

    return ResponseRecorder(keyed, clock, render_stored)

"""Request context: the state that middleware and endpoints share during one request."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from fatrina.actions.idempotency import KeyedRequest
from fatrina.actions.webhooks.outbox import Outbox
from fatrina.domain.access import Caller
from fatrina.domain.errors import ServiceError
from fatrina.domain.idempotency import Slot

_SCOPE_KEY: Final = "fatrina"


@dataclass(slots=True)
class RequestContext:
    """The state of one request, set by the protocol, the middleware and the endpoint."""

    request_id: str = ""
    status: int | None = None
    """HTTP status of the response; None until the response has started."""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Headers to add to the response, no matter which layer sends it."""
    log_fields: dict[str, object] = field(default_factory=dict)
    """Fields to add to the log line of the request."""
    body_shape: object = None
    """Field names and types of the parsed body, for the request journal."""
    ignored: Callable[[], list[str]] | None = None
    """Returns the fields of the body that were not used."""
    error: ServiceError | None = None
    """The error that was returned to the client."""
    injected: list[str] = field(default_factory=list)
    """Injected faults that matched the request."""
    outbox: Outbox | None = None
    """Outbox to use for this request instead of the outbox of the service."""
    caller: Caller | None = None
    """The caller, once the request was authenticated and counted."""
    idempotency_slot: Slot | None = None
    """Where the response is stored; None without an idempotency key."""
    keyed_request: KeyedRequest | None = None
    """The request whose response is stored, once its body was read."""
    abort: Callable[[], None] | None = None
    """Closes the connection immediately; set by the protocol."""
    is_client_gone: Callable[[], bool] | None = None
    """Returns True if the client has disconnected; set by the protocol."""


def get(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return the context of the request with this ASGI scope; create it on the first call."""
    context = scope.get(_SCOPE_KEY)
    if not isinstance(context, RequestContext):
        context = scope[_SCOPE_KEY] = RequestContext()
    return context

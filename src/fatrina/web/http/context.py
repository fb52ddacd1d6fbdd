"""The request context: what the layers around an endpoint know about one request."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from fatrina.actions.webhooks.outbox import Outbox
from fatrina.domain.errors import ServiceError

_SCOPE_KEY: Final = "fatrina"


@dataclass(slots=True)
class RequestContext:
    """Facts about one request, written by the layers that it passes and read by the others."""

    request_id: str = ""
    status: int | None = None
    """The status of the response, once it has begun."""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Headers that are added to the response, whichever layer sends it."""
    log_fields: dict[str, object] = field(default_factory=dict)
    """Fields that are added to the log line of the request."""
    body_shape: object = None
    """Field names and types of the parsed body, for the request journal."""
    error: ServiceError | None = None
    """The error that was answered."""
    injected: list[str] = field(default_factory=list)
    """The injected faults that matched the request."""
    outbox: Outbox | None = None
    """The outbox that replaces the service's own for this request."""
    abort: Callable[[], None] | None = None
    """Closes the client's connection at once; set by the HTTP protocol."""
    is_client_gone: Callable[[], bool] | None = None
    """Returns True when the client has closed its connection; set by the HTTP protocol."""


def get(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return the context of the request with this ASGI scope; create it at the first call."""
    context = scope.get(_SCOPE_KEY)
    if not isinstance(context, RequestContext):
        context = scope[_SCOPE_KEY] = RequestContext()
    return context

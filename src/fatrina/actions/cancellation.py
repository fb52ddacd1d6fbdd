"""Requests whose client has gone: their work is not begun."""

from collections.abc import Callable
from contextvars import ContextVar

from fatrina.domain import errors

client_gone: ContextVar[Callable[[], bool] | None] = ContextVar("gone", default=None)
"""Whether the client of the request at hand has closed its connection; threads inherit it."""


def check_client() -> None:
    """Return unless the client has gone.

    Called before each costly stage, and never once the transaction has begun.

    Raises:
        errors.ClientGone: nobody waits for the response.
    """
    is_gone = client_gone.get()
    if is_gone is not None and is_gone():
        raise errors.ClientGone

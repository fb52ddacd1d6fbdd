"""Detect that the client of a request has disconnected, so that no work is begun for it."""

from collections.abc import Callable
from contextvars import ContextVar

from fatrina.domain import errors

client_gone: ContextVar[Callable[[], bool] | None] = ContextVar("gone", default=None)
"""Returns whether the client of the current request has disconnected; threads inherit it."""


def check_client() -> None:
    """Raise if the client has disconnected.

    Called before each costly stage, but not after the transaction has begun.

    Raises:
        errors.ClientGone: no client waits for the response.
    """
    is_gone = client_gone.get()
    if is_gone is not None and is_gone():
        raise errors.ClientGone
